"""Handlers, and what they call, by the test client: contexts, errors, sessions, rooms."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from demijohn import Flask, current_app, g, has_request_context, request, session
from demijohn.cli.check import findings
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.login import LoginManager, UserMixin, current_user, login_user
from demijohn.ext.realtime import Namespace, SocketIO, close_room, emit, join_room, leave_room, rooms, send


@pytest.fixture
def app() -> Flask:
    app = Flask("realtime", static_folder=None)
    app.secret_key = "f2a4c1d09b7e4d3c8a6f5e1b0c9d8e7f"
    return app


@pytest.fixture
def socketio(app: Flask) -> SocketIO:
    return SocketIO(app)


def test_each_event_has_a_context_of_its_own_that_ends(app: Flask, socketio: SocketIO) -> None:
    ended: list[Any] = []
    app.teardown_appcontext(lambda e: ended.append((g.number, type(e))))

    @socketio.on("plain")
    def plain(number: int) -> bool:
        first = "number" not in g
        g.number = number
        if number == 2:
            raise ValueError("two")
        return first

    @socketio.on("waiting")
    async def waiting(number: int) -> bool:
        return plain(number)

    client = socketio.test_client(app)
    ended.clear()
    for event in ("plain", "waiting"):
        assert client.emit(event, 1, callback=True) is True
        with pytest.raises(ValueError, match="two"):
            client.emit(event, 2)
    none = type(None)
    assert ended == [(1, none), (2, ValueError), (1, none), (2, ValueError)]


def test_a_pool_of_one_connection_serves_100_events_of_which_10_fail(
    app: Flask, socketio: SocketIO, tmp_path: Path
) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/one.db"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "poolclass": sa.pool.QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": 1,
    }  # fmt: skip
    db = SQLAlchemy(app)

    @socketio.on("count")
    def count(number: int) -> int:
        value: int = db.session.execute(sa.select(sa.literal(number))).scalar_one()
        if number % 10 == 7:
            raise RuntimeError(number)
        return value

    client = socketio.test_client(app)
    failed = 0
    for number in range(100):
        try:
            assert client.emit("count", number, callback=True) == number
        except RuntimeError:
            failed += 1
    assert failed == 10


def test_events_of_many_clients_at_once_keep_their_requests_apart(app: Flask, socketio: SocketIO) -> None:
    @socketio.on("who")
    async def who(number: int) -> list[Any]:
        before = request.sid
        await asyncio.sleep(0.01)
        return [before == request.sid, request.args["n"], request.event["args"] == (number,)]

    clients = [socketio.test_client(app, query_string=f"n={n}") for n in range(5)]
    for n, client in enumerate(clients):
        assert client.emit("who", n, callback=True) == [True, str(n), True]


@pytest.mark.filterwarnings("error")
def test_what_is_emitted_may_be_awaited_and_need_not_be(app: Flask, socketio: SocketIO) -> None:
    @socketio.on("go")
    async def go() -> None:
        await emit("first", 1)
        emit("second", 2)
        await join_room("here")
        send("third", to="here")
        await socketio.emit("fourth", 4)
        leave_room("here")

    client = socketio.test_client(app)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.emit("go")
        gc.collect()
    assert [event["name"] for event in client.get_received()] == ["first", "second", "message", "fourth"]


def test_returning_what_emit_returns_acknowledges_with_nothing(app: Flask, socketio: SocketIO) -> None:
    socketio.on_event("go", lambda: emit("gone"))
    client = socketio.test_client(app)
    assert client.emit("go", callback=True) == []


def test_several_values_are_emitted_and_acknowledged(app: Flask, socketio: SocketIO) -> None:
    @socketio.on("go")
    def go() -> tuple[int, int]:
        emit("two", 1, 2)
        return 3, 4

    client = socketio.test_client(app)
    assert client.emit("go", callback=True) == [3, 4]
    assert client.get_received()[0]["args"] == [1, 2]


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, float("nan"), {1: b"x", (2,): 3}])
def test_what_json_cannot_hold_is_a_type_error_where_it_is_emitted(
    app: Flask, socketio: SocketIO, value: Any
) -> None:
    client = socketio.test_client(app)
    with pytest.raises(TypeError):
        socketio.emit("never", value)
    socketio.emit("next", 1)
    assert [event["name"] for event in client.get_received()] == ["next"]


def test_what_lies_in_itself_is_a_type_error(app: Flask, socketio: SocketIO) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError):
        socketio.emit("never", endless)


def test_errors_are_answered_by_the_nearest_handler(app: Flask, socketio: SocketIO) -> None:
    @socketio.on("fails")
    async def fails() -> None:
        raise KeyError("x")

    @socketio.on("fails", namespace="/other")
    def fails_too() -> None:
        raise KeyError("y")

    @socketio.on_error()
    def nearest(e: Exception) -> str:
        return f"{type(e).__name__} in {request.event['message']}"

    @socketio.on_error_default
    async def default(e: Exception) -> str:
        return "default"

    assert socketio.test_client(app).emit("fails", callback=True) == "KeyError in fails"
    client = socketio.test_client(app, namespace="/other")
    assert client.emit("fails", namespace="/other", callback=True) == "default"


def test_a_class_handles_a_namespace_by_methods_of_either_kind(app: Flask, socketio: SocketIO) -> None:
    class Lots(Namespace):
        def on_connect(self) -> None:
            self.emit("welcome", {"to": "lots"})

        async def on_bid(self, amount: int) -> int:
            await self.send("bid", to=request.sid)
            return amount + 1

        def on_broken(self) -> None:
            raise KeyError

        def error(self, e: Exception) -> str:
            return type(e).__name__

    socketio.on_namespace(Lots("/lots"))
    client = socketio.test_client(app, namespace="/lots")
    assert client.emit("bid", 7, namespace="/lots", callback=True) == 8
    assert client.emit("broken", namespace="/lots", callback=True) == "KeyError"
    assert [event["name"] for event in client.get_received("/lots")] == ["welcome", "message"]


def test_a_namespace_that_nobody_handles_is_refused(app: Flask, socketio: SocketIO) -> None:
    assert not socketio.test_client(app, namespace="/nowhere").is_connected("/nowhere")
    assert SocketIO(app, namespaces="*").test_client(app, namespace="/nowhere").is_connected("/nowhere")


def test_background_tasks_have_the_applications_context(app: Flask, socketio: SocketIO) -> None:
    seen: list[Any] = []

    def work(value: int) -> None:
        seen.append((current_app.name, has_request_context(), value))

    async def work_async(value: int) -> None:
        await asyncio.sleep(0)
        seen.append((current_app.name, has_request_context(), value))

    @socketio.on("go")
    async def go() -> None:
        await socketio.start_background_task(work_async, 3)

    socketio.start_background_task(work, 1).join(5)
    socketio.start_background_task(work_async, value=2).join(5)
    socketio.test_client(app).emit("go")
    assert seen == [("realtime", False, 1), ("realtime", False, 2), ("realtime", False, 3)]


def test_rooms_are_there_for_as_long_as_somebody_is_inside(app: Flask, socketio: SocketIO) -> None:
    @socketio.on("do")
    def do(what: str, room: str) -> list[str]:
        {"join": join_room, "leave": leave_room, "close": close_room}[what](room)
        return rooms()[1:]

    client, other = socketio.test_client(app), socketio.test_client(app)
    assert client.emit("do", "join", "a", callback=True) == ["a"]
    assert other.emit("do", "join", "a", callback=True) == ["a"]
    assert client.emit("do", "leave", "a", callback=True) == []
    socketio.emit("news", 1, to="a")
    socketio.emit("news", 2, to=["a", "b"], skip_sid=other.sids["/"])
    assert client.get_received() == []
    assert [event["args"] for event in other.get_received()] == [[1]]
    assert other.emit("do", "close", "a", callback=True) == []
    client.emit("do", "join", "b")
    client.disconnect()
    assert socketio.server.manager.clients.room_count() == 0


def test_disconnecting_tells_why_and_the_handler_is_still_in_its_rooms(
    app: Flask, socketio: SocketIO
) -> None:
    told: list[Any] = []

    @socketio.on("disconnect")
    def gone(reason: str) -> None:
        told.append((reason, rooms()[1:]))

    socketio.on_event("join", lambda: join_room("a") and None)
    socketio.on_event("leave", lambda: socketio.server.disconnect(request.sid))
    client = socketio.test_client(app)
    client.emit("join")
    client.disconnect()
    other = socketio.test_client(app)
    other.emit("leave")
    assert told == [("client disconnect", ["a"]), ("server disconnect", [])]
    assert not other.is_connected()
    assert socketio.server.manager.clients.count() == 0


class User(UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


def test_who_is_signed_in_is_known_inside_handlers(app: Flask, socketio: SocketIO) -> None:
    LoginManager(app).user_loader(User)

    @app.get("/in/<name>")
    def sign_in(name: str) -> str:
        login_user(User(name))
        return name

    @socketio.on("who")
    def who() -> Any:
        return current_user.id if current_user.is_authenticated else None

    browser = app.test_client()
    assert socketio.test_client(app, flask_test_client=browser).emit("who", callback=True) == []
    browser.get("/in/ada")
    assert socketio.test_client(app, flask_test_client=browser).emit("who", callback=True) == "ada"


@pytest.mark.parametrize("managed", [True, False])
def test_the_session_is_a_copy_or_the_browsers_own(app: Flask, managed: bool) -> None:
    socketio = SocketIO(app, manage_session=managed)

    @app.get("/set/<value>")
    def set_it(value: str) -> str:
        session["value"] = value
        return value

    @socketio.on("count")
    def count() -> list[Any]:
        session["count"] = session.get("count", 0) + 1
        return [session["value"], session["count"]]

    browser = app.test_client()
    browser.get("/set/x")
    client = socketio.test_client(app, flask_test_client=browser)
    assert client.emit("count", callback=True) == ["x", 1]
    assert client.emit("count", callback=True) == ["x", 2 if managed else 1]
    with browser.session_transaction() as own:
        assert "count" not in own


def test_an_async_mode_is_not_needed_which_is_said_once(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "demijohn.realtime"):
        socketio = SocketIO(app, async_mode="gevent")
        socketio.init_app(app, async_mode="eventlet")
    assert [record.name for record in caplog.records] == ["demijohn.realtime"]
    assert "gevent" in caplog.text


def test_an_option_that_there_is_not_is_named(app: Flask) -> None:
    with pytest.raises(TypeError, match="ping_intervall"):
        SocketIO(app, ping_intervall=3)


def test_without_async_handlers_an_event_waits_for_the_one_before(app: Flask) -> None:
    socketio = SocketIO(app, async_handlers=False)
    order: list[int] = []

    @socketio.on("number")
    async def number(n: int) -> None:
        await asyncio.sleep(0.02 if n == 1 else 0)
        order.append(n)

    server = socketio.server
    client = socketio.test_client(app)
    assert client._session is not None
    first, second = (server.receive(client._session, f'2["number",{n}]') for n in (1, 2))

    async def both() -> None:
        await asyncio.gather(first, second)

    app.async_to_sync(both)()
    assert order == [1, 2]


def test_callbacks_run_in_a_context_of_the_client(app: Flask, socketio: SocketIO) -> None:
    heard: list[Any] = []

    @socketio.on("go")
    def go() -> None:
        emit("question", callback=lambda answer: heard.append((answer, request.sid)))

    client = socketio.test_client(app)
    client.emit("go")
    work = socketio.server.receive(client._session, '31["yes"]')
    client._await(work)
    assert heard == [("yes", client.sids["/"])]


def test_a_view_emits_to_everybody(app: Flask, socketio: SocketIO) -> None:
    @app.get("/news")
    def news() -> str:
        socketio.emit("news", {"when": 1})
        return ""

    clients = [socketio.test_client(app) for _ in range(3)]
    for protocol in ("wsgi", "asgi", "rsgi"):
        app.test_client(protocol=protocol).get("/news")
    for client in clients:
        assert [event["args"] for event in client.get_received()] == [[{"when": 1}]] * 3


def test_an_application_with_it_is_served_by_asgi(app: Flask) -> None:
    assert not app.has_async
    SocketIO(app)
    assert app.has_async


def test_sleeping_is_awaited_on_a_loop(app: Flask, socketio: SocketIO) -> None:
    @socketio.on("go")
    async def go() -> str:
        await socketio.sleep(0.01)
        return "slept"

    assert socketio.test_client(app).emit("go", callback=True) == "slept"
    begin = time.monotonic()
    socketio.sleep(0.02)
    assert time.monotonic() - begin >= 0.02


@pytest.mark.parametrize(
    ("origins", "found"), [("*", 1), (["*"], 1), ([], 1), (None, 0), ("https://a.example", 0)]
)
def test_the_check_finds_that_all_origins_may_connect(app: Flask, origins: Any, found: int) -> None:
    SocketIO(app, cors_allowed_origins=origins)
    told = [finding for check in app.checks for finding in check(app)]
    assert len([finding for finding in told if finding.id == "realtime-origins"]) == found


def test_the_check_does_not_say_that_any_site_may_send_to_it(app: Flask) -> None:
    SocketIO(app)
    assert "cross-origin" not in {finding.id for finding in findings(app)}
