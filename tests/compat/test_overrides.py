"""What Flask lets an application override takes effect, in a subclass and on the instance, over WSGI and ASGI."""

from __future__ import annotations

import types
from typing import Any

import pytest
from jinja2 import Environment as JinjaEnvironment
from werkzeug.exceptions import Aborter, HTTPException, NotFound
from werkzeug.routing import Map, Rule

from demijohn import g, render_template_string, request, session, url_for
from demijohn.compat.app import Flask
from demijohn.compat.sessions import SecureCookieSessionInterface, SessionInterface
from demijohn.compat.wrappers import Request, Response
from demijohn.config import Config
from demijohn.contexts.namespace import _AppCtxGlobals
from demijohn.json.provider import DefaultJSONProvider
from demijohn.sessions import SessionMixin
from demijohn.templating import Environment
from demijohn.testing import FlaskClient


@pytest.fixture(params=["wsgi", "asgi"])
def protocol(request):
    return request.param


@pytest.fixture(params=["subclass", "instance"])
def make(request):
    """An application with methods overridden in one of the two ways."""

    def build(**methods: Any) -> Flask:
        if request.param == "subclass":
            app = type("Overriding", (Flask,), methods)(__name__)
        else:
            app = Flask(__name__)
            for name, method in methods.items():
                setattr(app, name, types.MethodType(method, app))
        app.secret_key = "a key that is only for tests"
        app.add_url_rule("/", "index", lambda: "view")
        app.add_url_rule("/fails", "fails", _fail)
        return app

    return build


def _fail():
    raise LookupError("the view failed")


def _get(app, protocol, path="/", **options):
    client = app.test_client(protocol=protocol)
    try:
        return client.get(path, buffered=True, **options)
    finally:
        client.close()


def test_full_dispatch_request_gives_the_response(make, protocol):
    app = make(full_dispatch_request=lambda self: self.make_response("mine"))
    assert _get(app, protocol).text == "mine"


def test_full_dispatch_request_may_call_the_one_it_replaces(make, protocol):
    def full_dispatch_request(self):
        response = Flask.full_dispatch_request(self)
        response.headers["X-Seen"] = request.path
        return response

    assert _get(make(full_dispatch_request=full_dispatch_request), protocol).headers["X-Seen"] == "/"


def test_what_full_dispatch_request_raises_is_handled(make, protocol):
    def full_dispatch_request(self):
        raise LookupError("before everything")

    assert _get(make(full_dispatch_request=full_dispatch_request), protocol).status_code == 500


def test_preprocess_request_answers_before_the_view(make, protocol):
    assert _get(make(preprocess_request=lambda self: "early"), protocol).text == "early"


def test_dispatch_request_replaces_the_view(make, protocol):
    assert _get(make(dispatch_request=lambda self: f"for {request.endpoint}"), protocol).text == "for index"


def test_dispatch_request_may_call_the_one_it_replaces(make, protocol):
    app = make(dispatch_request=lambda self: Flask.dispatch_request(self) + "!")
    assert _get(app, protocol).text == "view!"


def test_finalize_request_makes_the_response(make, protocol):
    def finalize_request(self, rv, from_error_handler=False):
        return Flask.finalize_request(self, f"{rv} {from_error_handler}", from_error_handler)

    assert _get(make(finalize_request=finalize_request), protocol).text == "view False"


def test_finalize_request_gets_the_500_too(make, protocol):
    def finalize_request(self, rv, from_error_handler=False):
        return Flask.finalize_request(self, f"{type(rv).__name__} {from_error_handler}", from_error_handler)

    assert (
        _get(make(finalize_request=finalize_request), protocol, "/fails").text == "InternalServerError True"
    )


def test_process_response_sees_every_response(make, protocol):
    def process_response(self, response):
        response = Flask.process_response(self, response)
        response.headers["X-Processed"] = "yes"
        return response

    app = make(process_response=process_response)
    answers = [_get(app, protocol, path) for path in ("/", "/fails", "/missing")]
    assert [answer.headers.get("X-Processed") for answer in answers] == ["yes", "yes", "yes"]


def test_make_response_gets_what_the_view_returned(make, protocol):
    app = make(make_response=lambda self, rv: Flask.make_response(self, rv.upper() if rv == "view" else rv))
    assert _get(app, protocol).text == "VIEW"


def test_handle_exception_gets_what_nobody_handled(make, protocol):
    app = make(handle_exception=lambda self, e: self.make_response((f"last resort: {e.args[0]}", 503)))
    answer = _get(app, protocol, "/fails")
    assert (answer.status_code, answer.text) == (503, "last resort: the view failed")


def test_handle_user_exception_gets_what_the_view_raised(make, protocol):
    app = make(handle_user_exception=lambda self, e: (f"user: {type(e).__name__}", 418))
    assert _get(app, protocol, "/fails").text == "user: LookupError"


def test_handle_user_exception_gets_routing_errors(make, protocol):
    app = make(handle_user_exception=lambda self, e: f"user: {type(e).__name__}")
    assert _get(app, protocol, "/missing").text == "user: NotFound"


def test_handle_http_exception_gets_http_errors(make, protocol):
    app = make(handle_http_exception=lambda self, e: (f"http: {e.code}", e.code))
    answer = _get(app, protocol, "/missing")
    assert (answer.status_code, answer.text) == (404, "http: 404")


def test_handle_http_exception_is_not_asked_about_other_errors(make, protocol):
    app = make(handle_http_exception=lambda self, e: "http")
    assert _get(app, protocol, "/fails").status_code == 500


def test_create_url_adapter_decides_what_matches(make, protocol):
    def create_url_adapter(self, request):
        if request is None:
            return Flask.create_url_adapter(self, request)
        return self.url_map.bind("any.example", path_info="/", default_method="GET")

    assert _get(make(create_url_adapter=create_url_adapter), protocol, "/missing").text == "view"


def test_raise_routing_exception_decides_what_is_raised(make, protocol):
    def raise_routing_exception(self, request):
        raise NotFound(f"no {request.path} here")

    app = make(raise_routing_exception=raise_routing_exception)
    assert "no /missing here" in _get(app, protocol, "/missing").text


def test_inject_url_defaults_adds_to_every_url(make, protocol):
    def inject_url_defaults(self, endpoint, values):
        values.setdefault("lang", "pt")

    app = make(inject_url_defaults=inject_url_defaults)
    app.add_url_rule("/url", "url", lambda: f"{url_for('index')} {url_for('index', _external=True)}")
    assert _get(app, protocol, "/url").text == "/?lang=pt http://localhost/?lang=pt"


def test_inject_url_defaults_is_asked_outside_of_requests_too(make):
    app = make(inject_url_defaults=lambda self, endpoint, values: values.update(lang="pt"))
    app.config["SERVER_NAME"] = "site.example"
    with app.app_context():
        assert url_for("index") == "http://site.example/?lang=pt"


def test_handle_url_build_error_answers_for_unknown_endpoints(make, protocol):
    app = make(handle_url_build_error=lambda self, error, endpoint, values: f"/unknown/{endpoint}")
    app.add_url_rule("/url", "url", lambda: url_for("nowhere"))
    assert _get(app, protocol, "/url").text == "/unknown/nowhere"


def test_ensure_sync_wraps_views_and_hooks(make, protocol):
    def ensure_sync(self, func):
        def counted(*args, **kwargs):
            calls.append(func.__name__)
            return func(*args, **kwargs)

        return counted

    calls: list[str] = []
    app = make(ensure_sync=ensure_sync)

    @app.before_request
    def before():
        pass

    @app.after_request
    def after(response):
        return response

    @app.route("/named")
    def named():
        return "named"

    assert _get(app, protocol, "/named").text == "named"
    assert [name for name in calls if name in {"before", "named", "after"}] == ["before", "named", "after"]


def test_async_to_sync_runs_async_views_under_wsgi(make):
    def async_to_sync(self, func):
        def run(*args, **kwargs):
            try:
                func(*args, **kwargs).send(None)
            except StopIteration as stop:
                return f"{stop.value} by hand"

        return run

    app = make(async_to_sync=async_to_sync)

    @app.route("/async")
    async def view():
        return "async"

    assert _get(app, "wsgi", "/async").text == "async by hand"


def test_log_exception_gets_the_exception(make, protocol):
    logged: list[Any] = []
    app = make(log_exception=lambda self, exc_info: logged.append(exc_info[1]))
    _get(app, protocol, "/fails")
    assert [str(e) for e in logged] == ["'the view failed'"] or [e.args[0] for e in logged] == [
        "the view failed"
    ]


def test_teardown_methods_are_called_once_per_request_in_order(make, protocol):
    called: list[str] = []
    app = make(
        do_teardown_request=lambda self, exc=None: called.append("request"),
        do_teardown_appcontext=lambda self, exc=None: called.append("app"),
    )
    _get(app, protocol)
    assert called == ["request", "app"]


def test_should_ignore_error_keeps_an_error_from_teardown_functions(make, protocol):
    seen: list[Any] = []
    app = make(should_ignore_error=lambda self, error: isinstance(error, LookupError))
    app.teardown_request(seen.append)
    _get(app, protocol, "/fails")
    assert seen == [None]


def test_trap_http_exception_makes_http_errors_unhandled(make, protocol):
    app = make(trap_http_exception=lambda self, e: True)
    assert _get(app, protocol, "/missing").status_code == 500


def test_make_default_options_response_answers_options(make, protocol):
    app = make(make_default_options_response=lambda self: self.response_class("options"))
    client = app.test_client(protocol=protocol)
    assert client.options("/").text == "options"
    client.close()


def test_update_template_context_has_the_last_word(make, protocol):
    def update_template_context(self, context):
        Flask.update_template_context(self, context)
        context["who"] = "overridden"

    app = make(update_template_context=update_template_context)
    app.add_url_rule("/page", "page", lambda: render_template_string("{{ who }}", who="view"))
    assert _get(app, protocol, "/page").text == "overridden"


def test_select_jinja_autoescape_decides_for_strings(make, protocol):
    app = make(select_jinja_autoescape=lambda self, filename: False)
    app.add_url_rule("/page", "page", lambda: render_template_string("{{ '<' }}"))
    assert _get(app, protocol, "/page").text == "<"


def test_redirect_makes_every_redirect(make, protocol):
    app = make(redirect=lambda self, location, code=302: self.response_class(f"to {location}", 202))

    @app.route("/go")
    def go():
        from demijohn import redirect

        return redirect("/elsewhere")

    assert _get(app, protocol, "/go").text == "to /elsewhere"


def test_request_context_makes_the_context(make, protocol):
    seen: list[str] = []

    def request_context(self, environ):
        ctx = Flask.request_context(self, environ)
        seen.append(ctx.request.path)
        return ctx

    assert _get(make(request_context=request_context), protocol).text == "view"
    assert seen == ["/"]


def test_app_context_is_asked_by_commands_and_tests(make):
    made: list[object] = []

    def app_context(self):
        ctx = Flask.app_context(self)
        made.append(ctx)
        return ctx

    with make(app_context=app_context).app_context() as ctx:
        assert made == [ctx]


# WSGI middleware.


class Middleware:
    """Adds to the environ and to the header fields, as a WSGI middleware does."""

    def __init__(self, wsgi_app):
        self.wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        environ["tests.middleware"] = "through"

        def start(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Middleware", "yes")])

        return self.wsgi_app(environ, start)


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_middleware_around_wsgi_app_works_under_every_adapter(protocol):
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: request.environ["tests.middleware"])
    app.wsgi_app = Middleware(app.wsgi_app)
    answer = _get(app, protocol)
    assert (answer.text, answer.headers["X-Middleware"]) == ("through", "yes")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_wsgi_app_of_a_subclass_works_under_every_adapter(protocol):
    class Overriding(Flask):
        def wsgi_app(self, environ, start_response):
            environ["tests.subclass"] = "through"
            return super().wsgi_app(environ, start_response)

    app = Overriding(__name__)
    app.add_url_rule("/", "index", lambda: request.environ["tests.subclass"])
    assert _get(app, protocol).text == "through"


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_middleware_that_answers_itself_is_enough(protocol):
    app = Flask(__name__)

    def teapot(environ, start_response):
        start_response("418 I'M A TEAPOT", [("Content-Type", "text/plain")])
        return [b"short", b" and stout"]

    app.wsgi_app = teapot
    answer = _get(app, protocol)
    assert (answer.status_code, answer.text) == (418, "short and stout")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_body_reaches_the_view_through_middleware(protocol):
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: request.form["wine"], methods=["POST"])
    app.wsgi_app = Middleware(app.wsgi_app)
    client = app.test_client(protocol=protocol)
    assert client.post("/", data={"wine": "Madeira"}).text == "Madeira"
    client.close()


# Classes.


def test_request_class_is_what_views_get(protocol):
    class Asking(Request):
        @property
        def shout(self):
            return self.path.upper()

    app = Flask(__name__)
    app.request_class = Asking
    app.add_url_rule("/path", "path", lambda: request.shout)
    assert _get(app, protocol, "/path").text == "/PATH"


def test_response_class_is_what_views_return(protocol):
    class Plain(Response):
        default_mimetype = "text/plain"

    class Answering(Flask):
        response_class = Plain

    app = Answering(__name__)
    app.add_url_rule("/", "index", lambda: "text")
    assert _get(app, protocol).mimetype == "text/plain"


def test_a_response_class_has_a_say_in_how_it_is_sent(protocol):
    class Stamped(Response):
        def get_wsgi_headers(self, environ):
            headers = super().get_wsgi_headers(environ)
            headers["X-Stamp"] = environ["REQUEST_METHOD"]
            return headers

    app = Flask(__name__)
    app.response_class = Stamped
    app.add_url_rule("/", "index", lambda: "text")
    assert _get(app, protocol).headers["X-Stamp"] == "GET"


def test_close_of_a_response_class_is_called(protocol):
    closed: list[int] = []

    class Closing(Response):
        def close(self):
            closed.append(self.status_code)
            super().close()

    app = Flask(__name__)
    app.response_class = Closing
    app.add_url_rule("/", "index", lambda: "text")
    client = app.test_client(protocol=protocol)
    client.get("/", buffered=True).close()
    client.close()
    assert closed[:1] == [200]


def test_url_rule_class_makes_the_rules(protocol):
    class Prefixed(Rule):
        def __init__(self, string, **options):
            super().__init__(f"/v1{string}", **options)

    class Ruled(Flask):
        url_rule_class = Prefixed

    app = Ruled(__name__)
    app.add_url_rule("/wine", "wine", lambda: url_for("wine"))
    assert _get(app, protocol, "/v1/wine").text == "/v1/wine"


def test_a_rule_that_builds_its_own_urls_is_asked(protocol):
    class Lower(Rule):
        def build(self, values, append_unknown=True):
            domain, path = super().build(values, append_unknown)
            return domain, path.lower()

    app = Flask(__name__)
    app.url_rule_class = Lower
    app.add_url_rule("/wine/<name>", "wine", lambda name: url_for("wine", name="MADEIRA"))
    assert _get(app, protocol, "/wine/x").text == "/wine/madeira"


def test_url_map_class_makes_the_map(protocol):
    class Lenient(Map):
        def bind_to_environ(self, *args, **kwargs):
            bound.append(1)
            return super().bind_to_environ(*args, **kwargs)

    class Mapped(Flask):
        url_map_class = Lenient

    bound: list[int] = []
    app = Mapped(__name__)
    app.add_url_rule("/", "index", lambda: type(app.url_map).__name__)
    assert _get(app, protocol).text == "Lenient"


def test_session_interface_is_asked_for_every_request(protocol):
    class Store(dict[str, Any], SessionMixin):
        pass

    class Counting(SessionInterface):
        opened = saved = 0

        def open_session(self, app, request):
            self.opened += 1
            return Store(n=self.opened)

        def save_session(self, app, session, response):
            self.saved += 1
            response.headers["X-Saved"] = str(session["n"])

    app = Flask(__name__)
    app.session_interface = interface = Counting()
    app.add_url_rule("/", "index", lambda: "untouched")
    assert [_get(app, protocol).headers["X-Saved"] for _ in range(2)] == ["1", "2"]
    assert (interface.opened, interface.saved) == (2, 2)


def test_save_session_alone_may_be_overridden(protocol):
    class Noting(SecureCookieSessionInterface):
        def save_session(self, app, session, response):
            super().save_session(app, session, response)
            response.headers["X-Saved"] = "yes"

    app = Flask(__name__)
    app.secret_key = "a key that is only for tests"
    app.session_interface = Noting()
    app.add_url_rule("/", "index", lambda: "untouched")
    assert _get(app, protocol).headers["X-Saved"] == "yes"


def test_json_provider_class_reads_and_writes(protocol):
    class Shouting(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return super().dumps(obj, **kwargs).upper()

    class Providing(Flask):
        json_provider_class = Shouting

    app = Providing(__name__)
    app.add_url_rule("/", "index", lambda: {"wine": "madeira"})
    assert _get(app, protocol).text.strip() == '{"WINE":"MADEIRA"}'


def test_jinja_environment_renders(protocol):
    class Curly(Environment):
        def __init__(self, app, **options):
            super().__init__(app, variable_start_string="[[", variable_end_string="]]", **options)

    class Templated(Flask):
        jinja_environment = Curly

    app = Templated(__name__)
    app.add_url_rule("/", "index", lambda: render_template_string("[[ 6 * 7 ]] {{ x }}"))
    assert isinstance(app.jinja_env, JinjaEnvironment)
    assert _get(app, protocol).text == "42 {{ x }}"


def test_test_client_class_is_what_test_client_makes():
    class Client(FlaskClient):
        def __init__(self, *args, token, **kwargs):
            super().__init__(*args, **kwargs)
            self.environ_base["HTTP_AUTHORIZATION"] = token

    app = Flask(__name__)
    app.test_client_class = Client
    app.add_url_rule("/", "index", lambda: request.headers["Authorization"])
    assert app.test_client(token="Bearer x").get("/").text == "Bearer x"


def test_app_ctx_globals_class_is_what_g_is(protocol):
    class Globals(_AppCtxGlobals):
        def __getattr__(self, name):
            return f"no {name}"

    app = Flask(__name__)
    app.app_ctx_globals_class = Globals
    app.add_url_rule("/", "index", lambda: g.wine)
    assert _get(app, protocol).text == "no wine"


def test_aborter_class_and_config_class_are_used(protocol):
    class Teapot(HTTPException):
        code = 418

    class Aborting(Aborter):
        def __init__(self):
            super().__init__(extra={"tea": Teapot})

    class Loud(Config):
        loud = True

    class Own(Flask):
        aborter_class = Aborting
        config_class = Loud

    app = Own(__name__)

    @app.route("/")
    def index():
        from demijohn import abort

        abort("tea")

    assert app.config.loud
    assert _get(app, protocol).status_code == 418


def test_an_open_session_is_seen_by_who_overrides_the_pipeline(make, protocol):
    def full_dispatch_request(self):
        session["seen"] = True
        return Flask.full_dispatch_request(self)

    assert "Set-Cookie" in _get(make(full_dispatch_request=full_dispatch_request), protocol).headers
