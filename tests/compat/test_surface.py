"""What 44 extensions import from Flask and Werkzeug, and touch of application and request: all of it works.

The names are those counted over the source distributions of Flask-Admin, Flask-AppBuilder, APIFlask,
Flask-Assets, Flask-Babel, Flask-Caching, Flask-Classful, Flask-Compress, Flask-CORS, Flask-Dance,
Flask-DebugToolbar, Flask-HTTPAuth, Flask-JWT-Extended, Flask-Limiter, Flask-Login, Flask-Marshmallow,
Flask-Migrate, Flask-Principal, Flask-RESTful, Flask-RESTX, Flask-SeaSurf, Flask-Security, Flask-Session,
Flask-Sijax, Flask-Smorest, Flask-Sock, Flask-SocketIO, Flask-SQLAlchemy, Flask-Talisman, Flask-Threads,
Flask-Uploads, Flask-WTF and a dozen more.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from tests.compat import suites
from werkzeug.datastructures import FileStorage

from demijohn import request
from demijohn.compat.app import Flask

FLASK = """
flask.current_app flask.request flask.g flask.url_for flask.Flask flask.Blueprint flask.Response flask.abort
flask.session flask.make_response flask.jsonify flask.cli.with_appcontext flask.redirect flask.has_app_context
flask.has_request_context flask.render_template flask.wrappers.Response flask.Request flask.views.MethodView
flask.flash flask.json flask.json.dumps flask.signals.Namespace flask.typing.ResponseReturnValue flask.cli
flask.globals.app_ctx flask.globals.request_ctx flask.send_from_directory flask.typing.ResponseValue
flask.after_this_request flask.send_file flask.render_template_string flask.sessions.SessionMixin
flask.signals.got_request_exception flask.stream_with_context flask.views.View flask.blueprints.Blueprint
flask.blueprints.BlueprintSetupState flask.cli.click flask.config.ConfigAttribute flask.ctx.RequestContext
flask.get_flashed_messages flask.globals flask.globals.current_app flask.helpers._endpoint_from_view_func
flask.json.loads flask.json.provider.DefaultJSONProvider flask.sansio.app.App
flask.sansio.scaffold._endpoint_from_view_func flask.scaffold._endpoint_from_view_func
flask.sessions.SessionInterface flask.template_rendered flask.template_rendered.connect
flask.templating.render_template_string flask.typing.HeadersValue flask.typing.RouteCallable
flask.views.http_method_funcs flask.wrappers flask.wrappers.ResponseBase flask.testing.FlaskClient
flask.globals._cv_app flask.globals._cv_request flask.json.tag.TaggedJSONSerializer
""".split()

WERKZEUG = """
werkzeug.datastructures.FileStorage werkzeug.exceptions.BadRequest werkzeug.local.LocalProxy
werkzeug.utils.cached_property werkzeug.exceptions.HTTPException werkzeug.datastructures.MultiDict
werkzeug.wrappers.Response werkzeug.datastructures.Headers werkzeug.Response werkzeug.routing.Rule
werkzeug.utils.secure_filename werkzeug.datastructures.ImmutableMultiDict werkzeug.exceptions
werkzeug.exceptions.MethodNotAllowed werkzeug.exceptions.NotFound werkzeug._internal._log
werkzeug.datastructures.Authorization werkzeug.datastructures.CallbackDict
werkzeug.exceptions.InternalServerError werkzeug.exceptions.NotAcceptable werkzeug.http.HTTP_STATUS_CODES
werkzeug.utils.import_string werkzeug.Request werkzeug.security.generate_password_hash
werkzeug.security.check_password_hash werkzeug._reloader.run_with_reloader werkzeug.datastructures
werkzeug.datastructures.CombinedMultiDict werkzeug.datastructures.ImmutableDict
werkzeug.datastructures.structures.MultiDict werkzeug.debug.DebuggedApplication werkzeug.exceptions.Forbidden
werkzeug.exceptions.PreconditionFailed werkzeug.exceptions.PreconditionRequired
werkzeug.exceptions.TooManyRequests werkzeug.exceptions.default_exceptions werkzeug.http.http_date
werkzeug.http.parse_date werkzeug.routing werkzeug.routing.Map werkzeug.wsgi.ClosingIterator
""".split()

#: Gone from Flask 3 and Werkzeug 3; extensions import them within `try`, or no longer work on Flask 3.
REMOVED = """
flask._request_ctx_stack flask._app_ctx_stack flask._app_ctx_stack.top flask._request_ctx_stack.top
flask.Markup flask.escape flask.json.JSONEncoder werkzeug.FileStorage werkzeug.secure_filename
werkzeug.security.safe_str_cmp werkzeug.wrappers.BaseResponse werkzeug.urls.url_quote werkzeug.urls.url_parse
""".split()

APP_ATTRIBUTES = """
config extensions jinja_env before_request register_blueprint ensure_sync debug after_request view_functions
url_map blueprints testing add_url_rule context_processor logger make_default_options_response app_context
response_class secret_key cli root_path static_url_path after_request_funcs create_url_adapter handle_exception
handle_user_exception import_name instance_path json_provider_class log_exception route run session_interface
teardown_request before_request_funcs dispatch_request errorhandler jinja_loader json make_shell_context name
permanent_session_lifetime raise_routing_exception request_class request_context shell_context_processor
teardown_appcontext template_folder test_request_context url_defaults url_value_preprocessor wsgi_app
_got_first_request template_context_processors handle_http_exception full_dispatch_request
""".split()

RESOLVE = """
import importlib, json, warnings

def resolve(dotted):
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found

missing, warned = [], []
for name in NAMES:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            resolve(name)
        except Exception as e:
            missing.append([name, repr(e)])
    if any("was removed" in str(w.message) and " Use " in str(w.message) for w in caught):
        warned.append(name)
print(json.dumps([missing, warned]))
"""


def resolved(level: str, names: list[str]) -> tuple[list[str], list[str]]:
    """Which names cannot be had at a level, and which warn with their replacement."""
    source = f"import demijohn.compat; demijohn.compat.install({level!r})\nNAMES = {names!r}\n{RESOLVE}"
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=suites.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    missing, warned = json.loads(done.stdout)
    return missing, warned


def test_every_name_that_extensions_import_is_there():
    assert resolved("3.1", [*FLASK, *WERKZEUG]) == ([], [])


def test_removed_names_that_extensions_import_are_there_at_an_older_level_and_warn():
    missing, warned = resolved("2.2", [*FLASK, *WERKZEUG, *REMOVED])
    assert missing == []
    assert warned == REMOVED


def test_removed_names_are_absent_by_default_as_extensions_expect_when_they_try():
    missing, _ = resolved("3.1", REMOVED)
    assert [name for name, _ in missing] == REMOVED


def test_every_attribute_that_extensions_touch_on_the_application_is_there():
    app = Flask(__name__)
    with app.app_context():
        assert [name for name in APP_ATTRIBUTES if not hasattr(app, name)] == []


# A request, attribute by attribute.

BODY = b"a=1&b=two"
EXPECTED = {
    "method": "POST",
    "endpoint": "bp.view",
    "url": "http://h.example/shop/x?q=1",
    "is_json": False,
    "path": "/shop/x",
    "host": "h.example",
    "remote_addr": "127.0.0.1",
    "view_args": {"name": "x"},
    "host_url": "http://h.example/",
    "blueprint": "bp",
    "is_secure": False,
    "referrer": "http://h.example/from",
    "script_root": "",
    "url_root": "http://h.example/",
    "blueprints": ["bp"],
    "content_length": len(BODY),
    "full_path": "/shop/x?q=1",
    "query_string": b"q=1",
    "scheme": "http",
    "authorization.username": "ana",
    "headers.X-Requested-With": "XMLHttpRequest",
    "args.q": "1",
    "form.b": "two",
    "values.q": "1",
    "cookies.c": "d",
    "accept_mimetypes.best": "text/html",
    "url_rule.rule": "/shop/<name>",
    "if_match.as_set": {"e1"},
    "if_none_match.as_set": {"e2"},
    "environ.REQUEST_METHOD": "POST",
    "_get_current_object.path": "/shop/x",
    "user_agent.string": "agent",
}


def _touch(dotted):
    name, _, inner = dotted.partition(".")
    value = getattr(request, name)
    if not inner:
        return value
    if name in {"headers", "args", "form", "values", "cookies", "environ"}:
        return value[inner]
    if callable(value) and name == "_get_current_object":
        value = value()
    found = getattr(value, inner)
    return found() if callable(found) else found


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_every_attribute_that_extensions_touch_on_the_request_has_its_value(protocol):
    from demijohn import Blueprint

    app = Flask(__name__)
    bp = Blueprint("bp", __name__, url_prefix="/shop")
    found = {}

    @bp.post("/<name>")
    def view(name):
        found.update({dotted: _touch(dotted) for dotted in EXPECTED})
        return ""

    app.register_blueprint(bp)
    client = app.test_client(protocol=protocol)
    client.set_cookie("c", "d", domain="h.example")
    answer = client.post(
        "/shop/x?q=1",
        base_url="http://h.example",
        data=BODY,
        content_type="application/x-www-form-urlencoded",
        auth=("ana", "secret"),
        headers={
            "X-Requested-With": "XMLHttpRequest",
            "Referer": "http://h.example/from",
            "Accept": "text/html",
            "If-Match": '"e1"',
            "If-None-Match": '"e2"',
            "User-Agent": "agent",
        },
    )
    client.close()
    assert answer.status_code == 200
    assert found == EXPECTED


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_files_and_json_of_a_request_are_werkzeugs(protocol):
    app = Flask(__name__)
    found = []

    @app.post("/")
    def view():
        for file in request.files.values():
            found.append((type(file), file.filename, file.read()))
        found.append((request.is_json, request.get_json(silent=True)))
        return ""

    client = app.test_client(protocol=protocol)
    client.post("/", data={"f": (io.BytesIO(b"data"), "a.txt")})
    client.post("/", json={"a": 1})
    client.close()
    assert found == [(FileStorage, "a.txt", b"data"), (False, None), (True, {"a": 1})]


# What extensions do beyond reading names.


def test_hooks_added_to_the_tables_after_a_request_are_called():
    # Flask-Dance and Flask-Caching edit the tables as plain containers.
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "view")
    client = app.test_client()
    assert client.get("/").text == "view"
    app.before_request_funcs.setdefault(None, []).append(lambda: None)
    app.after_request_funcs.setdefault(None, []).insert(
        0, lambda r: app.response_class(r.get_data() + b" after")
    )
    assert client.get("/").text == "view after"


def test_the_applications_own_context_processor_is_the_first():
    # An extension's own entry is expected second.
    app = Flask(__name__)
    app.context_processor(lambda: {"mine": 1})
    first, second = app.template_context_processors[None]
    with app.app_context():
        assert "g" in first()
        assert second() == {"mine": 1}


def test_the_application_context_is_one_object_for_the_whole_request():
    # Flask-SQLAlchemy scopes its sessions by the id of it.
    from demijohn.contexts.proxies import app_ctx

    app = Flask(__name__)
    seen = []

    def note(*args):
        seen.append(id(app_ctx._get_current_object()))
        return args[0] if args else None

    app.before_request(note)
    app.after_request(note)
    app.teardown_request(note)
    app.teardown_appcontext(note)
    app.add_url_rule("/", "index", lambda: note() or "view")
    app.test_client().get("/")
    assert len(seen) == 5
    assert len(set(seen)) == 1


def test_the_session_of_a_context_may_be_replaced():
    # Flask-SocketIO gives each event the session of its client.
    from demijohn import session
    from demijohn.compat.contexts import request_ctx
    from demijohn.compat.sessions import SecureCookieSession

    app = Flask(__name__)
    app.secret_key = "a key that is only for tests"
    with app.test_request_context():
        request_ctx._session = SecureCookieSession({"of": "the socket"})
        assert session["of"] == "the socket"
        ctx = request_ctx._get_current_object()
        ctx.session = SecureCookieSession({"of": "another"})
        assert session["of"] == "another"


def test_a_template_is_rendered_with_the_application_or_the_context_as_first_argument():
    from demijohn.templating import _render, _stream

    app = Flask(__name__)
    template = app.jinja_env.from_string("{{ x }} of {{ request.path }}")
    with app.test_request_context("/path") as ctx:
        assert _render(app, template, {"x": 1}) == _render(ctx, template, {"x": 1}) == "1 of /path"
        assert "".join(_stream(app, template, {"x": 1})) == "1 of /path"


def test_a_view_function_names_its_endpoint():
    from demijohn.setup.scaffold import endpoint_from_view_func

    assert (
        endpoint_from_view_func(test_a_view_function_names_its_endpoint)
        == "test_a_view_function_names_its_endpoint"
    )


def test_copies_of_a_client_carry_cookies_into_an_environ():
    # Flask-SocketIO's test client calls it to connect with the cookies of Flask's.
    app = Flask(__name__)
    client = app.test_client()
    client.set_cookie("a", "b")
    environ = {"wsgi.url_scheme": "http", "HTTP_HOST": "localhost", "PATH_INFO": "/"}
    client._add_cookies_to_wsgi(environ)
    assert environ["HTTP_COOKIE"] == "a=b"
