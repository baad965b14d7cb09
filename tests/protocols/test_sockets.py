"""WebSockets, in process and on every server that carries them."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import pytest
from itsdangerous import URLSafeTimedSerializer
from tests.protocols.app import create_app
from tests.support.web import OverSocket, new_key
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from demijohn.testing import FlaskClient, WebSocketDisconnect, WebSocketRejected

KEY = "protocol-suite-key-of-enough-length-0123456789"


@pytest.fixture
def link(socket_server):
    """Open a WebSocket to a path of the running server; all are closed after the test."""
    with ExitStack() as opened:

        def open_socket(path, **options):
            options = {"open_timeout": 20, "close_timeout": 3, **options}
            return opened.enter_context(
                connect(f"ws://{socket_server.host}:{socket_server.port}{path}", **options)
            )

        yield open_socket


def close_of(peer):
    """The code and reason the peer closes with."""
    with pytest.raises(ConnectionClosed) as caught:
        peer.recv(timeout=20)
    received = caught.value.rcvd
    return (received.code, received.reason) if received else (1006, "")


def test_text_and_bytes_come_back(link):
    peer = link("/ws/echo")
    peer.send("caf\u00e9")
    peer.send(b"\x00\xff")
    assert peer.recv(timeout=20) == "caf\u00e9"
    assert peer.recv(timeout=20) == b"\x00\xff"


def test_json_comes_back(link):
    peer = link("/ws/json")
    peer.send(json.dumps({"a": [1, None]}))
    assert json.loads(peer.recv(timeout=20)) == {"got": {"a": [1, None]}}


def test_a_subprotocol_is_chosen_from_those_offered(link):
    peer = link("/ws/choose", subprotocols=["v1.chat", "v2.chat"])
    assert peer.subprotocol == "v2.chat"
    assert peer.recv(timeout=20) == "v1.chat,v2.chat"


def test_the_close_code_of_the_application_arrives(link):
    assert close_of(link("/ws/close/4001")) == (4001, "as asked")


def test_the_close_of_the_client_ends_the_handler(link, socket_server):
    key = new_key()
    link(f"/ws/wait?key={key}").close(4005, "enough")
    assert OverSocket(socket_server).wait_for(key, "ended") == "ended"


def test_a_client_that_vanishes_ends_the_handler(link, socket_server):
    key = new_key()
    link(f"/ws/wait?key={key}").socket.close()
    assert OverSocket(socket_server).wait_for(key, "ended") == "ended"


def test_an_exception_in_the_handler_closes_with_1011_and_tells_nothing(link):
    peer = link("/ws/boom")
    peer.send("go")
    code, reason = close_of(peer)
    assert code == 1011
    assert "secret" not in reason


def test_the_handshake_can_be_refused_with_a_status(link):
    with pytest.raises(InvalidStatus) as caught:
        link("/ws/refuse")
    assert caught.value.response.status_code in (401, 403)


def test_an_unknown_path_refuses_the_handshake(link):
    with pytest.raises(InvalidStatus) as caught:
        link("/ws/nowhere")
    assert caught.value.response.status_code in (403, 404)


def test_case_62_a_foreign_origin_is_refused_with_403(link):
    with pytest.raises(InvalidStatus) as caught:
        link("/ws/echo", origin="http://evil.example")
    assert caught.value.response.status_code == 403


def test_case_62_the_own_origin_is_let_in(link, socket_server):
    peer = link("/ws/echo", origin=socket_server.url)
    peer.send("hello")
    assert peer.recv(timeout=20) == "hello"


def test_the_handler_sees_path_query_headers_cookies_and_session(link):
    serializer = URLSafeTimedSerializer(
        KEY, salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": "sha1"}
    )
    headers = {"X-Test": "seen", "Cookie": f"flavour=lemon; session={serializer.dumps({'user': 'ada'})}"}
    peer = link("/ws/tell/word?a=1", additional_headers=headers)
    told = json.loads(peer.recv(timeout=20))
    assert told == {
        "word": "word",
        "path": "/ws/tell/word",
        "args": {"a": "1"},
        "cookie": "lemon",
        "header": "seen",
        "user": "ada",
    }


def test_a_ping_is_answered(link):
    assert link("/ws/echo").ping().wait(timeout=20)


def test_messages_come_as_they_are_sent(link):
    peer = link("/ws/ticks")
    assert [peer.recv(timeout=20) for _ in range(3)] == ["0", "1", "2"]


def test_case_65_a_slow_reader_slows_the_sender_down(link, socket_server):
    key = new_key()
    peer = link(f"/ws/flood?key={key}", max_queue=1, compression=None)
    peer.recv(timeout=20)
    time.sleep(1.5)
    entries = OverSocket(socket_server).journal(key)
    assert entries == [], f"200 MB were sent to a reader that reads nothing: {entries}"


def test_a_plain_request_to_a_websocket_path_is_an_answer(socket_server):
    assert OverSocket(socket_server).get("/ws/echo").status in (400, 404, 405, 426)


@pytest.fixture
def client():
    made = FlaskClient(create_app(), protocol="asgi")
    yield made
    made.close()


def test_in_process_text_and_bytes_come_back(client):
    with client.websocket("/ws/echo") as ws:
        ws.send("caf\u00e9")
        ws.send(b"\x00\xff")
        assert (ws.receive(), ws.receive()) == ("caf\u00e9", b"\x00\xff")


def test_in_process_json_comes_back(client):
    with client.websocket("/ws/json") as ws:
        ws.send_json({"a": 1})
        assert ws.receive_json() == {"got": {"a": 1}}


def test_in_process_the_session_and_cookies_of_the_client_are_seen(client):
    with client.session_transaction() as session:
        session["user"] = "ada"
    client.set_cookie("flavour", "lemon")
    with client.websocket("/ws/tell/word") as ws:
        told = ws.receive_json()
    assert (told["user"], told["cookie"]) == ("ada", "lemon")


def test_in_process_a_close_code_is_told(client):
    with client.websocket("/ws/close/4001") as ws, pytest.raises(WebSocketDisconnect) as caught:
        ws.receive()
    assert caught.value.code == 4001


def test_in_process_case_62_a_foreign_origin_is_refused(client):
    with (
        pytest.raises(WebSocketRejected) as caught,
        client.websocket("/ws/echo", headers={"Origin": "http://evil.example"}),
    ):
        pass
    assert caught.value.response.status_code == 403


def test_in_process_a_refusal_shows_its_status(client):
    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws/refuse"):
        pass
    assert caught.value.response.status_code == 401


def test_in_process_a_handler_that_fails_closes_with_1011(client):
    with client.websocket("/ws/boom") as ws:
        ws.send("go")
        with pytest.raises(WebSocketDisconnect) as caught:
            ws.receive()
    assert caught.value.code == 1011


def test_over_rsgi_a_websocket_is_refused_and_the_log_says_what_to_do(caplog):
    """RSGI loses sub-protocols and close codes, so it is not offered there."""
    client = FlaskClient(create_app(), protocol="rsgi")
    with pytest.raises(WebSocketRejected) as caught, client.websocket("/ws/echo"):
        pass
    client.close()
    assert caught.value.response.status_code == 501
    assert "--interface asgi" in caplog.text
