"""Steps that Flask lets an application override take effect, in a subclass and on the instance, on every protocol."""

from __future__ import annotations

import asyncio
import json
import types

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from demijohn import (
    Flask,
    Request,
    Response,
    current_app,
    render_template_string,
    request,
    session,
    url_for,
)
from demijohn.sessions import SessionInterface, SessionMixin


def before(self):
    request.marks = [*getattr(request, "marks", []), "overridden"]


def full_dispatch_request(self):
    before(self)
    return Flask.full_dispatch_request(self)


def preprocess_request(self):
    before(self)
    return Flask.preprocess_request(self)


def dispatch_request(self):
    before(self)
    return Flask.dispatch_request(self)


def finalize_request(self, rv, from_error_handler=False):
    response = Flask.finalize_request(self, rv, from_error_handler)
    response.headers["X-Override"] = "finalize_request"
    return response


def process_response(self, response):
    response.headers["X-Override"] = "process_response"
    return Flask.process_response(self, response)


def make_response(self, rv):
    response = Flask.make_response(self, rv)
    response.headers["X-Override"] = "make_response"
    return response


def handle_exception(self, e):
    return Response(f"caught {type(e).__name__}", 500, {"X-Override": "handle_exception"})


def handle_user_exception(self, e):
    return f"user {type(e).__name__}", 500, {"X-Override": "handle_user_exception"}


def handle_http_exception(self, e):
    return f"http {e.code}", e.code, {"X-Override": "handle_http_exception"}


def raise_routing_exception(self, request):
    self.seen.append("raise_routing_exception")
    return Flask.raise_routing_exception(self, request)


def do_teardown_request(self, exc=None):
    self.seen.append("do_teardown_request")
    Flask.do_teardown_request(self, exc)


def do_teardown_appcontext(self, exc=None):
    self.seen.append("do_teardown_appcontext")
    Flask.do_teardown_appcontext(self, exc)


def create_url_adapter(self, request):
    self.seen.append("create_url_adapter")
    return Flask.create_url_adapter(self, request)


def update_template_context(self, context):
    Flask.update_template_context(self, context)
    context["extra"] = "update_template_context"


def log_exception(self, exc_info):
    self.seen.append(f"log_exception {exc_info[0].__name__}")


def request_context(self, environ):
    self.seen.append("request_context")
    return Flask.request_context(self, environ)


def wsgi_app(self, environ, start_response):
    self.seen.append("wsgi_app")
    return Flask.wsgi_app(self, environ, start_response)


def ensure_sync(self, func):
    self.seen.append("ensure_sync")
    return Flask.ensure_sync(self, func)


@pytest.fixture(params=["subclass", "instance", "instance, late", "class, late"])
def overriding(request, reach):
    """Make a client of an application that overrides `function`, in one way or another."""

    def make(function, view=lambda: "answer"):
        name = function.__name__
        own = {name: function} if request.param == "subclass" else {}
        cls = type("Own", (Flask,), own)
        app = cls("own", static_folder=None)
        app.seen = []
        if request.param == "instance":
            setattr(app, name, types.MethodType(function, app))
        app.add_url_rule("/", "index", view)
        app.add_url_rule("/fails", "fails", lambda: 1 / 0)
        app.add_url_rule("/template", "template", lambda: render_template_string("{{ extra }}"))
        client = reach(app)
        if request.param == "instance, late":
            client.get("/")
            setattr(app, name, types.MethodType(function, app))
            app.seen.clear()
        if request.param == "class, late":
            client.get("/")
            setattr(cls, name, function)
            app.seen.clear()
        return client

    return make


def marked():
    return " ".join(getattr(request, "marks", ["plain"]))


async def marked_later():
    await asyncio.sleep(0)
    return marked()


@pytest.mark.parametrize("view", [marked, marked_later], ids=["def", "async def"])
@pytest.mark.parametrize("step", [full_dispatch_request, preprocess_request, dispatch_request])
def test_an_overridden_step_before_the_view_is_called_once(overriding, step, view):
    assert overriding(step, view).get("/").text == "overridden"


@pytest.mark.parametrize("step", [finalize_request, process_response, make_response])
def test_an_overridden_step_after_the_view_has_its_say(overriding, step):
    client = overriding(step)
    answer = client.get("/")
    assert (answer.text, answer.headers["X-Override"]) == ("answer", step.__name__)


@pytest.mark.parametrize(
    ("step", "text"),
    [(handle_exception, "caught ZeroDivisionError"), (handle_user_exception, "user ZeroDivisionError")],
)
def test_an_overridden_handler_of_errors_answers(overriding, step, text):
    answer = overriding(step).get("/fails")
    assert (answer.text, answer.headers["X-Override"]) == (text, step.__name__)


def test_an_overridden_handler_of_http_errors_answers(overriding):
    answer = overriding(handle_http_exception).get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "http 404")


@pytest.mark.parametrize(
    ("step", "path"),
    [
        (raise_routing_exception, "/nowhere"),
        (do_teardown_request, "/"),
        (do_teardown_appcontext, "/"),
        (create_url_adapter, "/"),
        (request_context, "/"),
        (wsgi_app, "/"),
    ],
)
def test_an_overridden_step_is_called(overriding, step, path):
    client = overriding(step)
    client.get(path)
    assert client.application.seen == [step.__name__]


def test_an_overridden_log_is_told_of_unhandled_errors(overriding):
    client = overriding(log_exception)
    assert client.get("/fails").status_code == 500
    assert client.application.seen == ["log_exception ZeroDivisionError"]


def test_an_overridden_template_context_adds_its_variables(overriding):
    assert overriding(update_template_context).get("/template").text == "update_template_context"


def test_own_request_and_response_classes_are_used(reach):
    class OwnRequest(Request):
        @property
        def shout(self):
            return self.path.upper()

    class OwnResponse(Response):
        default_mimetype = "text/plain"

    class Own(Flask):
        request_class = OwnRequest
        response_class = OwnResponse

    app = Own("own")
    app.add_url_rule("/path", "index", lambda: request.shout)
    answer = reach(app).get("/path")
    assert (answer.text, answer.mimetype) == ("/PATH", "text/plain")


def test_an_own_session_interface_is_asked(app, client):
    kept = {}

    class OwnSession(dict, SessionMixin):
        pass

    class Memory(SessionInterface):
        def open_session(self, app, request):
            return OwnSession(kept)

        def save_session(self, app, session, response):
            kept.update(session)

    app.session_interface = Memory()

    @app.route("/")
    def index():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert kept == {"count": 3}


def test_a_session_interface_with_async_saving_is_awaited(app, client):
    saved = []

    class Later(SessionInterface):
        def open_session(self, app, request):
            return type("OwnSession", (dict, SessionMixin), {})()

        async def save_session(self, app, session, response):
            await asyncio.sleep(0)
            saved.append(dict(session))

    app.session_interface = Later()

    @app.route("/")
    def index():
        session["a"] = 1
        return "answer"

    client.get("/")
    assert saved == [{"a": 1}]


class Stamp:
    """A WSGI middleware that changes the request and the answer."""

    def __init__(self, wsgi):
        self.wsgi = wsgi

    def __call__(self, environ, start_response):
        environ["HTTP_X_ADDED"] = "by the middleware"

        def start(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Stamp", "1")], exc_info)

        if environ["PATH_INFO"] == "/refused":
            start("403 FORBIDDEN", [("Content-Type", "text/plain")])
            return [b"refused"]
        return self.wsgi(environ, start)


@pytest.fixture
def wrapped(app, client):
    app.wsgi_app = Stamp(app.wsgi_app)
    app.add_url_rule("/", "index", lambda: request.headers["X-Added"], methods=["GET", "POST"])
    app.add_url_rule("/size", "size", lambda: str(len(request.get_data())), methods=["POST"])
    app.add_url_rule("/stream", "stream", lambda: (str(n) for n in range(5)))

    @app.route("/later")
    async def later():
        await asyncio.sleep(0)
        return request.headers["X-Added"]

    return client


@pytest.mark.parametrize("path", ["/", "/later"])
def test_wsgi_middleware_changes_request_and_answer_on_every_protocol(wrapped, path):
    answer = wrapped.get(path)
    assert (answer.text, answer.headers["X-Stamp"]) == ("by the middleware", "1")


def test_wsgi_middleware_may_answer_itself(wrapped):
    answer = wrapped.get("/refused")
    assert (answer.status_code, answer.text) == (403, "refused")


def test_a_body_passes_through_wsgi_middleware(wrapped):
    assert wrapped.post("/size", data=b"x" * 300_000).text == "300000"


def test_a_stream_passes_through_wsgi_middleware(wrapped):
    answer = wrapped.get("/stream")
    assert (answer.text, answer.headers["X-Stamp"]) == ("01234", "1")


def told():
    return {"app": current_app.name, "root": request.root_path, "url": url_for("index", _external=True)}


def test_another_application_is_mounted_by_middleware_on_every_protocol(app, client):
    other = Flask("other")
    for each in (app, other):
        each.add_url_rule("/", "index", told)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/other": other})
    assert client.get("/").json == {"app": "core", "root": "", "url": "http://localhost/"}
    assert client.get("/other/").json == {"app": "other", "root": "/other", "url": "http://localhost/other/"}


def test_middleware_that_fixes_addresses_is_believed_on_every_protocol(app, client):
    app.add_url_rule("/", "index", lambda: {**told(), "address": request.remote_addr})
    app.wsgi_app = ProxyFix(app.wsgi_app)
    answer = client.get("/", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert answer.json["address"] == "203.0.113.9"
    assert answer.json["url"] == "https://localhost/"


@pytest.mark.parametrize("path", ["/mounted/", "/mounted/é"])
def test_an_asgi_server_may_mount_the_application_below_a_path(app, path):
    sent = []
    app.add_url_rule("/", "index", told)
    app.add_url_rule("/é", "other", told)

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "root_path": "/mounted", "query_string": b"",
        "raw_path": path.encode(), "scheme": "http", "headers": [(b"host", b"own.example")],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"])["url"] == "http://own.example/mounted/"
