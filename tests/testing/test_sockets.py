"""The WebSocket faces of the clients, over ASGI and RSGI."""

from __future__ import annotations

import asyncio

import pytest
from tests.testing.tiny import Tiny

from demijohn.testing import AsyncFlaskClient, FlaskClient, WebSocketDisconnect, WebSocketRejected


async def asgi(scope, receive, send):
    assert await receive() == {"type": "websocket.connect"}
    if scope["path"] == "/refuse":
        await send({"type": "websocket.close"})
        return
    if scope["path"] == "/answer":
        await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"no")]})
        await send({"type": "websocket.http.response.body", "body": b"go away"})
        return
    offered = scope["subprotocols"]
    headers = [(b"set-cookie", b"a=1; Path=/")]
    await send(
        {"type": "websocket.accept", "subprotocol": offered[0] if offered else None, "headers": headers}
    )
    if scope["path"] == "/flood":
        for number in range(500):
            await send({"type": "websocket.send", "text": str(number)})
            asgi.sent = number + 1
        return
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            asgi.ended = message["code"], message["reason"]
            return
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "as asked"})
        elif message.get("text") == "fail":
            raise KeyError("in the handler")
        else:
            await send({**message, "type": "websocket.send"})


async def rsgi(scope, protocol):
    assert scope.proto == "ws"
    if scope.path in ("/refuse", "/answer"):
        protocol.close(401 if scope.path == "/answer" else 403)
        return
    transport = await protocol.accept()
    while True:
        message = await transport.receive()
        if message.kind == 0:
            return
        if message.data == "close":
            protocol.close(4001)
            return
        if message.data == "fail":
            raise KeyError("in the handler")
        await (transport.send_str if message.kind == 2 else transport.send_bytes)(message.data)


@pytest.fixture(params=["asgi", "rsgi"])
def client(request):
    made = FlaskClient(Tiny(asgi, rsgi), protocol=request.param)
    yield made
    made.close()


def test_text_bytes_and_json_come_back(client):
    with client.websocket("/") as ws:
        ws.send("\u00e9")
        ws.send(b"\xff")
        ws.send_json({"a": 1})
        assert (ws.receive(), ws.receive(), ws.receive_json()) == ("\u00e9", b"\xff", {"a": 1})


def test_waiting_for_a_message_that_does_not_come_is_a_timeout(client):
    with client.websocket("/") as ws:
        with pytest.raises(TimeoutError):
            ws.receive(timeout=0.05)
        ws.send("still open")
        assert ws.receive() == "still open"


def test_a_close_by_the_application_is_an_exception_with_its_code(client):
    with client.websocket("/") as ws:
        ws.send("close")
        with pytest.raises(WebSocketDisconnect) as caught:
            ws.receive()
        assert ws.close_code == caught.value.code
        with pytest.raises(WebSocketDisconnect):
            ws.send("too late")
    assert caught.value.code == (4001 if client.protocol == "asgi" else 1005)


def test_what_the_handler_raises_is_raised(client):
    with client.websocket("/") as ws:
        ws.send("fail")
        with pytest.raises(KeyError, match="in the handler"):
            ws.receive()


@pytest.mark.parametrize(("path", "status"), [("/refuse", 403), ("/answer", 401)])
def test_a_refusal_shows_its_status(client, path, status):
    with pytest.raises(WebSocketRejected) as caught, client.websocket(path):
        pass
    assert caught.value.response.status_code == status


def test_a_refusal_shows_headers_and_body():
    client = FlaskClient(Tiny(asgi), protocol="asgi")
    with pytest.raises(WebSocketRejected) as caught, client.websocket("/answer"):
        pass
    assert (caught.value.response.headers["X-Why"], caught.value.response.data) == ("no", b"go away")


def test_a_close_by_the_client_reaches_the_handler():
    client = FlaskClient(Tiny(asgi), protocol="asgi")
    with client.websocket("/") as ws:
        ws.close(4009, "enough")
    assert asgi.ended == (4009, "enough")
    with client.websocket("/"):
        pass
    assert asgi.ended == (1000, "")


def test_the_chosen_subprotocol_and_the_cookies_of_the_handshake_are_kept():
    client = FlaskClient(Tiny(asgi), protocol="asgi")
    with client.websocket("/", subprotocols=["v1", "v2"]) as ws:
        assert ws.subprotocol == "v1"
    assert client.get_cookie("a").value == "1"


def test_a_reader_that_reads_nothing_holds_the_sender():
    client = FlaskClient(Tiny(asgi), protocol="asgi")
    with client.websocket("/flood") as ws:
        assert ws.receive() == "0"
        with pytest.raises(TimeoutError):
            client._start().run(asyncio.Event().wait(), 0.1)
        assert asgi.sent < 50


def test_a_wsgi_client_says_which_one_to_make():
    with pytest.raises(RuntimeError, match="protocol='asgi'"):
        FlaskClient(Tiny(asgi)).websocket("/")


def test_the_async_client_talks_too():
    async def talk():
        client = AsyncFlaskClient(Tiny(asgi))
        async with client.websocket("/") as ws:
            await ws.send("hello")
            return await ws.receive()

    assert asyncio.run(talk()) == "hello"
