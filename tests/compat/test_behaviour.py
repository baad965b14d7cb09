"""Where Flask 3.1 and this package differ to the eye, compatibility is Flask's."""

from __future__ import annotations

from io import BytesIO

import pytest
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import Client, create_environ
from werkzeug.wrappers import Request as WerkzeugRequest

from demijohn import Flask as NativeFlask
from demijohn import current_app, g, request, session, stream_with_context, url_for, websocket
from demijohn.compat.app import Flask
from demijohn.compat.blueprints import Blueprint
from demijohn.compat.contexts import _cv_app, _cv_request, request_ctx
from demijohn.contexts.proxies import app_ctx
from demijohn.logging import default_handler


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "a key that is only for tests"
    return app


# Defaults.


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_SAMESITE", None),
        ("MAX_CONTENT_LENGTH", None),
        ("SESSION_COOKIE_NAME", "session"),
        ("SESSION_COOKIE_HTTPONLY", True),
    ],
)
def test_settings_have_flasks_defaults(app, setting, value):
    assert app.config[setting] == value
    assert app.default_config[setting] == value


#: The settings that Flask does not have, with values that this package could not use.
OWN = {name: object() for name in NativeFlask.default_config.keys() - Flask.default_config.keys()}


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_setting_that_flask_does_not_have_is_the_applications_own(app, protocol):
    assert {"TRUSTED_PROXIES", "THREADS", "BODY_SPOOL_SIZE", "WEBSOCKET_ORIGINS"} <= OWN.keys()
    assert app.config.keys() == Flask.default_config.keys()
    app.config.update(OWN)

    @app.post("/")
    def index():
        files = len(request.files.getlist("f"))
        return {"address": request.remote_addr, "files": files, "fields": len(request.args)}

    answer = app.test_client(protocol=protocol).post(
        "/?a=1&b=2",
        data={"f": [(BytesIO(b"x"), "a.txt"), (BytesIO(b"y"), "b.txt")]},
        headers={"X-Forwarded-For": "192.0.2.7"},
    )
    assert answer.json == {"address": "127.0.0.1", "files": 2, "fields": 2}
    assert {name: app.config[name] for name in OWN} == OWN


def test_a_socket_does_not_read_the_applications_own_settings_either(app):
    app.config.update(OWN)

    @app.websocket("/")
    async def talk():
        await websocket.send(f"{websocket.remote_addr} {len(websocket.args)}")

    with app.test_client(protocol="asgi") as client, client.websocket("/?a=1&b=2") as ws:
        assert ws.receive() == "127.0.0.1 2"


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_with_a_prefix_that_nobody_hits_by_accident_they_are_set_all_the_same(app, protocol):
    app.add_url_rule("/", "index", lambda: str(request.remote_addr))
    client = app.test_client(protocol=protocol)
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    assert client.get("/", headers=forwarded).text == "127.0.0.1"
    app.config["DEMIJOHN_TRUSTED_PROXIES"] = 1
    assert client.get("/", headers=forwarded).text == "192.0.2.7"


def test_their_defaults_are_there_for_a_subclass_with_its_own():
    class Own(Flask):
        default_config = {**Flask.default_config, "MAX_FORM_PARTS": 5}

    native = NativeFlask(__name__)
    assert Own(__name__).own_setting("THREADS") == native.own_setting("THREADS") == native.config["THREADS"]


@pytest.mark.parametrize(
    ("name", "escaped"), [("a.html", True), ("a.svg", True), ("a.txt", False), ("a.md", False), (None, True)]
)
def test_templates_are_escaped_by_flasks_suffixes(app, name, escaped):
    assert app.select_jinja_autoescape(name) is escaped


# Contexts, in both shapes.


def test_a_request_stays_visible_in_an_application_context_pushed_within(app):
    with app.test_request_context("/path"):
        g.name = "outer"
        with app.app_context() as inner:
            assert request.path == "/path"
            assert session.get("x") is None
            assert "name" not in g
            g.name = "inner"
            assert _cv_app.get() is inner
            assert app_ctx._get_current_object() is inner
        assert g.name == "outer"


def test_request_ctx_is_the_requests_own_context_there(app):
    with app.test_request_context("/path") as ctx, app.app_context():
        assert request_ctx._get_current_object() is ctx
        assert _cv_request.get() is ctx


def test_another_application_is_current_within_its_context_and_the_request_stays(app):
    other = Flask("other", root_path="/")
    with app.test_request_context("/path"):
        with other.app_context():
            assert current_app._get_current_object() is other
            assert request.path == "/path"
        assert current_app._get_current_object() is app


def test_an_application_context_within_a_request_has_its_own_teardown(app):
    seen = []
    app.teardown_appcontext(lambda e: seen.append("app"))
    app.teardown_request(lambda e: seen.append("request"))
    with app.test_request_context():
        with app.app_context():
            pass
        assert seen == ["app"]
    assert seen == ["app", "request", "app"]


def test_a_request_within_an_application_context_shares_its_g(app):
    with app.app_context() as outer:
        g.name = "shared"
        with app.test_request_context():
            assert g.name == "shared"
            assert app_ctx._get_current_object() is outer


def test_a_client_used_within_an_application_context_leaves_it_as_it_was(app):
    app.add_url_rule("/", "index", lambda: str("name" in g))
    with app.app_context():
        g.name = "kept"
        assert app.test_client().get("/").text == "True"
        assert g.name == "kept"
        assert not request


def test_the_variables_have_the_methods_of_a_context_variable(app):
    assert _cv_request.get(None) is None
    with pytest.raises(LookupError):
        _cv_app.get()
    with app.test_request_context() as ctx:
        token = _cv_app.set(app.app_context())
        assert _cv_app.get() is not ctx
        _cv_app.reset(token)
        assert _cv_app.get() is ctx


def test_the_merged_shape_of_the_context_works(app):
    with app.test_request_context("/path") as ctx:
        assert (ctx.app, ctx.request.path, ctx.g) == (app, "/path", g._get_current_object())
        assert app_ctx.request.path == "/path"


# Sessions: opened for every request, as far as anybody can tell.


def test_a_permanent_session_is_refreshed_by_a_request_that_does_not_use_it(app):
    @app.route("/set")
    def set_it():
        session.permanent = True
        session["x"] = 1
        return ""

    app.add_url_rule("/", "index", lambda: "untouched")
    client = Client(app)  # a client the application does not know of
    client.get("/set")
    assert "Set-Cookie" in client.get("/").headers


def test_the_session_of_the_context_is_open_without_a_cookie(app):
    app.add_url_rule("/", "index", lambda: type(request_ctx._session).__name__)
    assert Client(app).get("/").text == "SecureCookieSession"


def test_reading_the_sessions_object_past_the_context_adds_no_vary(app):
    @app.after_request
    def read(response):
        request_ctx._session.get("x")
        return response

    app.add_url_rule("/", "index", lambda: "")
    assert "Vary" not in app.test_client().get("/").headers


def test_any_access_by_the_proxy_adds_vary(app):
    app.add_url_rule("/", "index", lambda: str(bool(session)))
    assert app.test_client().get("/").headers["Vary"] == "Cookie"


# Answers.


def test_the_page_of_a_413_is_werkzeugs(app):
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.add_url_rule("/", "index", lambda: request.form["a"], methods=["POST"])
    answer = app.test_client().post("/", data={"a": "x" * 100})
    assert (answer.status_code, answer.text) == (413, RequestEntityTooLarge().get_body())


def test_a_query_and_a_form_may_have_as_many_fields_as_they_like(app):
    app.add_url_rule("/", "index", lambda: f"{len(request.args)} {len(request.form)}", methods=["POST"])
    fields = "&".join(f"f{n}=1" for n in range(1500))
    answer = app.test_client().post(
        f"/?{fields}", data=fields, content_type="application/x-www-form-urlencoded"
    )
    assert answer.text == "1500 1500"


def test_a_host_that_has_no_idna_form_is_refused(app):
    app.add_url_rule("/", "index", lambda: "reached")
    assert app.test_client().get("/", headers={"Host": "a..b"}).status_code == 400


@pytest.mark.parametrize("size", [1, 1000], ids=["small", "large"])
def test_a_form_may_have_as_many_files_as_parts(app, size):
    app.add_url_rule("/", "form", lambda: str(len(request.files)), methods=["POST"])
    files = {f"f{number}": (BytesIO(b"x" * size), "a.png") for number in range(101)}
    assert app.test_client().post("/", data=files).text == "101"


def test_a_malformed_multipart_form_is_an_empty_one(app):
    app.add_url_rule("/", "index", lambda: str(len(request.form)), methods=["POST"])
    answer = app.test_client().post("/", data=b"not a form", content_type="multipart/form-data; boundary=x")
    assert answer.text == "0"


def test_errors_for_clients_that_prefer_json_are_html_all_the_same(app):
    answer = app.test_client().get("/missing", headers={"Accept": "application/json"})
    assert answer.mimetype == "text/html"


def test_a_streamed_body_has_no_request_unless_it_asks_for_it(app):
    def parts():
        yield str(bool(request))

    app.add_url_rule("/bare", "bare", lambda: app.response_class(parts()))
    app.add_url_rule("/held", "held", lambda: app.response_class(stream_with_context(parts())))
    client = app.test_client()
    assert (client.get("/bare").text, client.get("/held").text) == ("False", "True")


def test_the_response_is_started_before_the_teardown(app):
    order = []
    app.add_url_rule("/", "index", lambda: "")
    app.teardown_request(lambda e: order.append("teardown"))
    answer = app.wsgi_app(_environ(), lambda status, headers: order.append("start"))
    list(answer)
    assert order == ["start", "teardown"]


def test_a_route_may_be_registered_twice(app):
    app.add_url_rule("/", "first", lambda: "first")
    app.add_url_rule("/", "second", lambda: "second")
    assert app.test_client().get("/").text == "first"


def test_environ_names_the_request(app):
    app.add_url_rule(
        "/", "i", lambda: str(request.environ["werkzeug.request"] is request._get_current_object())
    )
    assert app.test_client().get("/").text == "True"


def test_registering_after_the_first_request_is_an_error_without_a_test_client_too(app):
    app.add_url_rule("/", "index", lambda: "")
    Client(app).get("/")
    with pytest.raises(AssertionError, match="can no longer be called"):
        app.add_url_rule("/late", "late", lambda: "")


def test_url_for_of_an_application_mounted_below_a_prefix(app):
    app.add_url_rule("/x", "x", lambda: url_for("x"))
    assert Client(app).get("/x", base_url="http://h/app/").text == "/app/x"


def _environ():
    from werkzeug.test import create_environ

    return create_environ("/")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_request_without_a_body_has_an_empty_one(app, protocol):
    app.add_url_rule("/", "i", lambda: repr((request.data, request.form.to_dict(), request.stream.read())))
    client = app.test_client(protocol=protocol)
    assert client.get("/", buffered=True).text == "(b'', {}, b'')"
    client.close()


def test_fields_and_cookies_are_of_werkzeugs_own_class(app):
    @app.post("/")
    def index():
        found = (request.args, request.form, request.cookies, request.values, request.files)
        return " ".join(sorted({f"{type(fields).__module__}.{type(fields).__name__}" for fields in found}))

    client = app.test_client()
    client.set_cookie("a", "1")
    expected = (
        "werkzeug.datastructures.structures.CombinedMultiDict"
        " werkzeug.datastructures.structures.ImmutableMultiDict"
    )
    for data in ({"a": "1"}, {"a": "1", "file": (BytesIO(b"x"), "x.txt")}):
        assert client.post("/?a=1", data=data).text == expected
    assert client.post("/?a=1").text == expected


@pytest.mark.parametrize("kind", [NativeFlask, Flask], ids=["native", "compat"])
@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_the_log_line_of_an_unhandled_error_is_flasks(kind, protocol, caplog):
    app = kind("logged")

    @app.get("/")
    def fail():
        raise KeyError("x")

    assert app.test_client(protocol=protocol).get("/").status_code == 500
    lines = [default_handler.format(record).split("\n")[0] for record in caplog.records]
    assert [line.partition("] ")[2] for line in lines] == ["ERROR in app: Exception on / [GET]"]


# Over RSGI the server leaves such a field out.
@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize("value", [b"caf\xe9", "Zoë".encode()], ids=["latin-1", "utf-8"])
def test_a_cookies_bytes_are_read_as_werkzeug_reads_them(app, protocol, value):
    app.add_url_rule("/", "index", lambda: request.cookies)
    client = app.test_client(protocol=protocol, use_cookies=False)
    field = b"a=" + value + b"; b=x"
    theirs = dict(WerkzeugRequest(create_environ(headers={"Cookie": field.decode("latin-1")})).cookies)
    assert client.get("/", headers={"Cookie": field.decode("latin-1")}).json == theirs
    assert theirs == {"a": value.decode("latin-1"), "b": "x"}


COOKIES = [
    "a=x\u0085y; b=1",
    "a\u0085=1; b=2",
    "\u009fa=2; b=\u0080",
    'a="\u0085"; b=3',
    "a=\x01; b=4",
    "a\x7f=1; b=5",
]


@pytest.mark.parametrize("header", COOKIES)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_cookie_with_a_control_character_is_kept_as_by_werkzeug(app, header, encoding):
    sent = header.encode(encoding).decode("latin-1")
    with app.test_request_context(environ_overrides={"HTTP_COOKIE": sent}):
        assert dict(request.cookies) == dict(WerkzeugRequest({"HTTP_COOKIE": sent}).cookies)


@pytest.mark.parametrize("name", ["route", "get", "endpoint", "errorhandler", "app_errorhandler"])
def test_a_decorator_of_a_blueprint_without_parentheses_is_taken_in_silence(name):
    def view():
        return "seen"

    assert callable(getattr(Blueprint("b", __name__), name)(view))
