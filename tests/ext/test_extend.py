"""What extensions are written with, where it is not tested with what it comes from."""

from __future__ import annotations

import asyncio
import threading

import pytest
from bench.drivers import make_driver
from bench.messages import Request as Sent
from werkzeug.exceptions import Gone, InternalServerError, NotFound
from werkzeug.test import EnvironBuilder, run_wsgi_app

from demijohn import Flask, Request, Websocket, current_app, request, session, websocket
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.login import LoginManager, UserMixin, current_user
from demijohn.ext.migrations import Migrate
from demijohn.extend import (
    Ready,
    adapt_view,
    answer_errors,
    current_application,
    current_body,
    current_environ,
    current_query,
    current_request,
    current_session,
    nonblocking,
    unproxied,
    vouched,
    wrap_asgi,
)  # fmt: skip
from demijohn.json.provider import DefaultJSONProvider
from demijohn.sessions.server_side import Session


def test_what_is_current_is_given_itself_not_by_proxy():
    app = Flask("extended")
    app.secret_key = "a secret for tests, long enough"
    with app.test_request_context("/here"):
        assert current_application() is app
        assert current_request() is current_request()
        assert current_request().path == request.path == "/here"
        session["a"] = 1
        assert current_session() == {"a": 1}
        assert not isinstance(current_session(), type(session))
    with app.app_context():
        assert current_application() is current_app._get_current_object()


@pytest.mark.parametrize("wanted", [current_application, current_request, current_session])
def test_outside_there_is_nothing_current(wanted):
    with pytest.raises(RuntimeError, match="Working outside of"):
        wanted()


def test_an_extension_takes_a_proxy_for_the_application_and_keeps_the_application():
    app = Flask("extended")
    app.config.update(
        SECRET_KEY="a secret for tests, long enough",
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_TRACK_MODIFICATIONS=True,
        SESSION_TYPE="memory",
    )
    logins, db = LoginManager(), SQLAlchemy()
    with app.app_context():
        assert unproxied(current_app) is unproxied(app) is app
        logins.init_app(current_app)
        db.init_app(current_app)
        Migrate(current_app, db)
        Session(current_app)
        app.json = DefaultJSONProvider(current_app)
    logins.user_loader(lambda key: UserMixin() if key == "1" else None)

    @app.route("/")
    def index():
        session["seen"] = True
        value = db.session.execute(db.text("select 7")).scalar_one()
        return {"value": value, "anonymous": current_user.is_anonymous}

    # No proxy is current here, so whatever had kept one would fail.
    assert app.test_client().get("/").json == {"value": 7, "anonymous": True}
    assert set(logins._apps) == {app}
    with app.app_context():
        assert db.engine.dialect.name == "sqlite"


def test_a_socket_is_the_current_request():
    app, seen = Flask("extended"), []

    @app.websocket("/")
    async def talk():
        seen.append(current_request())
        await websocket.send("done")

    with app.test_client(protocol="asgi") as client, client.websocket("/") as ws:
        assert ws.receive() == "done"
    assert isinstance(seen[0], Websocket)


@pytest.mark.parametrize("marked", [True, False])
def test_a_hook_that_never_waits_leaves_a_request_on_its_loop(marked):
    app, threads = Flask("extended"), []

    def note():
        threads.append(threading.get_ident())

    app.before_request(nonblocking(note) if marked else note)

    @app.get("/")
    async def view():
        threads.append(threading.get_ident())
        return ""

    with app.test_client(protocol="asgi") as client:
        client.get("/")
    assert (threads[0] == threads[1]) is marked


def loud(rule, view):
    """An adapter: what the view returns in capitals, and the rule it stands for."""

    def adapted(**values):
        return f"{view(**values).upper()} {rule.rule}"

    return adapted


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_view_is_adapted_once_and_knows_its_rule(protocol):
    app, adapted = Flask("extended", static_folder=None), []
    app.add_url_rule("/hello/<name>", "hello", lambda name: f"hello {name}")
    app.add_url_rule("/other", "other", lambda: "other")
    adapt_view(app, lambda rule, view: adapted.append(rule.endpoint) or loud(rule, view))
    client = app.test_client(protocol=protocol)
    texts = [client.get(path).text for path in ("/hello/ann", "/hello/bob", "/other")]
    client.close()
    assert texts == ["HELLO ANN /hello/<name>", "HELLO BOB /hello/<name>", "OTHER /other"]
    assert adapted == ["hello", "other"]


def test_an_adapted_view_keeps_the_short_way():
    app = Flask("extended", static_folder=None)
    app.add_url_rule("/", "index", lambda: "text")
    adapt_view(app, loud)
    assert run_wsgi_app(app, EnvironBuilder("/").get_environ(), buffered=True)[0] == [b"TEXT /"]
    [plan] = app._way.plans.values()
    assert plan.short


def test_middleware_for_asgi_is_passed_and_asks_for_asgi():
    app, passed = Flask("extended", static_folder=None), []
    app.add_url_rule("/", "index", lambda: "text")
    assert not app.has_async

    def middleware(inner):
        async def outer(scope, receive, send):
            passed.append(scope["path"])
            await inner(scope, receive, send)

        return outer

    wrap_asgi(app, middleware)
    with app.test_client(protocol="asgi") as client:
        assert client.get("/").text == "text"
    assert passed == ["/"]
    assert app.has_async
    assert app.settle().bare is False  # a test client is there
    app.watched = False
    assert app.settle().bare


def finds(*kinds, told="the extension's"):
    """A finder that answers for some kinds of errors."""

    def find(error):
        found.append(type(error).__name__)
        return (lambda error: (told, 418)) if isinstance(error, kinds) else None

    found = find.found = []
    return find


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("is_async", [False, True])
def test_an_extension_answers_for_errors_that_the_application_has_no_handler_for(protocol, is_async):
    app = Flask("extended")
    find = finds(KeyError, NotFound)
    answer_errors(app, find)
    app.errorhandler(ValueError)(lambda error: ("the application's", 400))

    def view(kind):
        raise {"key": KeyError, "value": ValueError, "gone": Gone}[kind]

    async def later(kind):
        view(kind)

    app.add_url_rule("/<kind>", "view", later if is_async else view)
    with app.test_client(protocol=protocol) as client:
        assert (client.get("/key").text, client.get("/no/where").text) == ("the extension's",) * 2
        assert client.get("/value").text == "the application's"
        assert (client.get("/gone").status_code, client.get("/gone").mimetype) == (410, "text/html")
    assert find.found == ["KeyError", "NotFound", "Gone", "Gone"]


def test_an_extension_is_asked_for_an_unexpected_error_again_once_it_is_logged(caplog):
    app = Flask("extended")
    find = finds(InternalServerError)
    answer_errors(app, find)

    @app.get("/")
    def view():
        raise KeyError("x")

    assert app.test_client().get("/").text == "the extension's"
    assert find.found == ["KeyError", "InternalServerError"]
    assert [record.exc_info[0] for record in caplog.records] == [KeyError]


def test_of_several_extensions_the_first_that_has_an_answer_gives_it():
    app = Flask("extended")
    for told in ("first", "second"):
        answer_errors(app, finds(NotFound, told=told))
    assert app.test_client().get("/").text == "first"
    with app.test_request_context():
        assert app.find_error_handler(NotFound(), ()) is not None
        assert app.find_error_handler(Gone(), ()) is None


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, None),
        ({"Sec-Fetch-Site": "none"}, None),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://a.example:5000"}, False),
        ({"Origin": "https://a.example:5000"}, True),
        ({"Origin": "http://a.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_what_a_browser_says_of_where_a_request_comes_from(fields, answer):
    app = Flask("extended")
    with app.test_request_context("/", base_url="http://a.example:5000", headers=fields):
        assert vouched(current_request()) is answer


def test_a_proxy_that_is_trusted_says_to_which_host_a_browser_made_its_request():
    app = Flask("extended")
    app.config["TRUSTED_PROXIES"] = 1

    @app.post("/")
    def answer():
        return str(vouched(current_request()))

    fields = {"Origin": "https://a.example", "X-Forwarded-Host": "a.example", "X-Forwarded-Proto": "https"}
    assert app.test_client().post("/", headers=fields, base_url="http://backend:8000").text == "True"


@pytest.mark.parametrize("query", ["", "a=1", "a=1&b=2&a=%C3%A9", "a=+%2B", "a"])
def test_the_query_without_a_request_is_the_request_s(query):
    app = Flask("extended")
    with app.test_request_context(f"/?{query}"):
        assert current_query() == request.args.to_dict(flat=False)
        assert current_environ() is request.environ


class OwnRequest(Request):
    """Requests with an idea of their own of what a body is."""

    def get_data(self, *args, **options):
        return b"another"


@pytest.mark.parametrize("kind", [Request, OwnRequest])
@pytest.mark.parametrize("content_type", ["", "text/plain; a=b"])
@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_body_that_is_here_without_a_request_is_the_request_s(protocol, content_type, kind):
    app = Flask("extended")
    app.request_class = kind
    found = []

    async def view():
        found.append(current_body())
        found.append((request.environ.get("CONTENT_TYPE"), request.get_data()))
        found.append(current_body())  # the request has read it: it is to be asked
        return ""

    app.add_url_rule("/", view_func=view, methods=["POST"])
    loop = asyncio.new_event_loop()
    # As a server calls it: a test client's requests go the complete way.
    asked = Sent("POST", "/", body=b"a body", content_type=content_type)
    driver = make_driver(protocol, app, [asked], loop)
    driver.once()  # the first one to a host has its Host looked at, in an environ
    found.clear()
    assert driver.once().status == 200
    loop.close()
    here = found[1] if protocol == "asgi" and kind is Request else None
    assert found == [here, found[1], None]


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_ready_answer_is_a_response_where_somebody_looks(protocol):
    app = Flask("extended")
    app.secret_key = "a secret for tests, long enough"

    @app.get("/")
    def view():
        if request.args:
            session["seen"] = 1
        return Ready(b"{}", ("Content-Type", "application/json"), 201, "201 CREATED")

    client = app.test_client(protocol=protocol)
    for path in ("/", "/?session=1"):
        answer = client.get(path)
        assert (answer.status_code, answer.json, answer.content_length) == (201, {}, 2)
    assert "session=" in answer.headers["Set-Cookie"]


def test_what_is_checked_at_start_keeps_an_application_from_serving():
    app = Flask("extended")

    def check():
        raise LookupError("no such thing")

    adapt_view(app, lambda rule, view: view, check)
    for protocol in ("wsgi", "asgi", "rsgi"):
        with pytest.raises(LookupError, match="no such thing"):
            app.test_client(protocol=protocol).get("/")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_view_may_have_its_errors_told_as_problems(protocol):
    app = Flask("extended")

    @app.get("/")
    def view():
        error = NotFound("Nothing.")
        error.members = {"known": [1]}
        raise error

    view.answers_problems = True
    answer = app.test_client(protocol=protocol).get("/", headers={"Accept": "text/html"})
    assert answer.json == {
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "Nothing.", "known": [1],
    }  # fmt: skip
