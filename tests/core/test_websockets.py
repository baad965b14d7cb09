"""Hooks, errors and contexts of WebSockets: the same pipeline around a handler that stays."""

from __future__ import annotations

import asyncio
import time

import pytest

from demijohn import Blueprint, abort, g, request_ctx, session, url_for, websocket
from demijohn.testing import WebSocketDisconnect, WebSocketRejected


@pytest.fixture
def protocol():
    """The protocol that carries them."""
    return "asgi"


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_hooks_and_handler_run_in_order_in_one_context(app, client, is_async):
    order, contexts = [], set()

    def note(name):
        def hook(*args):
            order.append(name)
            contexts.add(id(request_ctx._get_current_object()))

        async def later(*args):
            await asyncio.sleep(0)
            hook()

        return later if is_async else hook

    app.before_websocket(note("before"))
    app.after_websocket(note("after"))
    app.teardown_websocket(note("teardown"))
    app.before_request(lambda: order.append("not for sockets"))

    @app.websocket("/ws")
    async def ws():
        note("handler")() if not is_async else await note("handler")()
        await websocket.send("hello")

    with client.websocket("/ws") as socket:
        assert socket.receive() == "hello"
    assert until(lambda: "teardown" in order)
    assert order == ["before", "handler", "after", "teardown"]
    assert len(contexts) == 1


def test_a_hook_that_returns_something_refuses_the_handshake(app, client):
    app.before_websocket(lambda: ("not today", 403))

    @app.websocket("/ws")
    async def ws():
        pytest.fail("the handler was called")

    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws"):
        pass
    assert (caught.value.response.status_code, caught.value.response.text) == (403, "not today")


def test_an_error_before_the_handshake_is_answered_by_its_handler(app, client):
    app.register_error_handler(401, lambda e: ("who are you", 401))

    @app.websocket("/ws")
    async def ws():
        abort(401)

    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws"):
        pass
    assert (caught.value.response.status_code, caught.value.response.text) == (401, "who are you")


def test_an_error_after_the_handshake_is_logged_told_to_the_teardown_and_closes_with_1011(
    app, client, caplog
):
    told = []
    app.teardown_websocket(lambda exc: told.append(type(exc)))

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()
        raise ValueError("in the handler")

    with client.websocket("/ws") as socket, pytest.raises(WebSocketDisconnect) as caught:
        socket.receive()
    assert caught.value.code == 1011
    assert until(lambda: told)
    assert told == [ValueError]
    assert "in the handler" in caplog.text


def test_an_error_nobody_handles_before_the_handshake_is_logged_and_answered_with_500(app, client, caplog):
    told = []
    app.teardown_websocket(lambda exc: told.append(type(exc)))

    @app.websocket("/ws")
    async def ws():
        raise ValueError("before the handshake")

    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws"):
        pass
    assert caught.value.response.status_code == 500
    assert "before the handshake" not in caught.value.response.text
    assert until(lambda: told)
    assert told == [ValueError]
    assert "Traceback" in caplog.text
    assert "ValueError: before the handshake" in caplog.text


def test_an_error_in_a_hook_is_answered_by_the_handler_of_500(app, client, caplog):
    app.register_error_handler(500, lambda e: (f"sorry: {type(e.original_exception).__name__}", 500))

    @app.before_websocket
    def fails():
        raise OSError("in the hook")

    @app.websocket("/ws")
    async def ws():
        pytest.fail("the handler was called")

    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws"):
        pass
    assert (caught.value.response.status_code, caught.value.response.text) == (500, "sorry: OSError")
    assert "OSError: in the hook" in caplog.text


@pytest.mark.parametrize("how", ["abort", "return", "error"])
def test_what_runs_after_a_websocket_runs_once_when_the_handshake_is_refused(app, client, how):
    seen, ended = [], []
    app.teardown_websocket(lambda exc: ended.append(exc))

    @app.after_websocket
    def stamp(response):
        seen.append(response.status_code)
        response.headers["X-Stamp"] = "1"
        return response

    @app.websocket("/ws")
    async def ws():
        if how == "abort":
            abort(401)
        if how == "return":
            return "not you", 401
        raise ValueError("unhandled")

    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws"):
        pass
    status = 500 if how == "error" else 401
    assert (caught.value.response.status_code, caught.value.response.headers["X-Stamp"]) == (status, "1")
    assert until(lambda: ended)
    assert seen == [status]


def test_two_sockets_have_a_context_each(app, client):
    @app.websocket("/ws/<word>")
    async def ws(word):
        g.word = word
        while True:
            await websocket.send(f"{await websocket.receive()} {g.word} {websocket.view_args['word']}")

    with client.websocket("/ws/one") as one, client.websocket("/ws/two") as two:
        for text in ("a", "b"):
            one.send(text)
            two.send(text)
            assert (one.receive(), two.receive()) == (f"{text} one one", f"{text} two two")


def test_a_socket_of_a_blueprint_has_its_hooks_and_urls(app, client):
    room = Blueprint("room", __name__, url_prefix="/room")
    seen = []
    room.before_websocket(lambda: seen.append("room"))

    @room.websocket("/ws")
    async def ws():
        await websocket.send(f"{websocket.blueprint} {url_for('.ws')}")

    app.register_blueprint(room)
    with client.websocket("/room/ws") as socket:
        assert socket.receive() == "room ws://localhost/room/ws"
    assert seen == ["room"]


def test_the_session_of_the_visitor_is_read_and_a_change_before_accepting_is_kept(app, client):
    @app.websocket("/ws")
    async def ws():
        session["count"] = session.get("count", 0) + 1
        await websocket.accept()
        await websocket.send(str(session["count"]))

    for count in ("1", "2"):
        with client.websocket("/ws") as socket:
            assert socket.receive() == count


def test_a_malformed_host_refuses_the_handshake(app, client):
    @app.websocket("/ws")
    async def ws():
        pytest.fail("the handler was called")

    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws", headers={"Host": "u@a"}):
        pass
    assert caught.value.response.status_code in (400, 403)


def test_the_proxy_outside_of_a_socket_says_what_to_do(app, client):
    app.testing = True
    app.add_url_rule("/", "index", lambda: websocket.path)
    with pytest.raises(RuntimeError, match="In a view, use 'request'"):
        client.get("/")


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 2000, 5000])
def test_a_close_code_that_must_not_be_sent_is_refused(app, client, code):
    refused = []

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()
        try:
            await websocket.close(code)
        except ValueError as e:
            refused.append(str(e))
        await websocket.send("still open")

    with client.websocket("/ws") as socket:
        assert socket.receive() == "still open"
    assert str(code) in refused[0]


def test_messages_sent_before_the_other_side_left_are_read_to_the_end(app, client):
    got = []

    @app.websocket("/ws")
    async def ws():
        await websocket.accept()
        while True:
            message = await websocket.receive()
            await asyncio.sleep(0.005)
            got.append(message)

    with client.websocket("/ws") as socket:
        for number in range(10):
            socket.send(str(number))
    assert until(lambda: len(got) == 10)
    assert got == [str(number) for number in range(10)]


@pytest.mark.parametrize("origin", ["https://shop.example", "https://shop.exam"])
def test_a_single_allowed_origin_is_one_and_not_what_stands_in_it(app, client, origin):
    @app.websocket("/echo")
    async def echo():
        await websocket.send("hello")

    app.config["WEBSOCKET_ORIGINS"] = "https://shop.example"
    if origin == "https://shop.example":
        with client.websocket("/echo", headers={"Origin": origin}) as socket:
            assert socket.receive() == "hello"
    else:
        with pytest.raises(WebSocketRejected), client.websocket("/echo", headers={"Origin": origin}):
            pass


@pytest.mark.parametrize("own", ["http://localhost", "https://localhost"])
def test_case_62_the_own_host_by_another_scheme_is_foreign(app, client, own):
    @app.websocket("/echo")
    async def echo():
        await websocket.send("hello")

    base = own.replace("http", "ws")
    with client.websocket("/echo", base_url=base, headers={"Origin": own}) as socket:
        assert socket.receive() == "hello"
    other = "https://localhost" if own == "http://localhost" else "http://localhost"
    with (
        pytest.raises(WebSocketRejected),
        client.websocket("/echo", base_url=base, headers={"Origin": other}),
    ):
        pass
