"""How large a header may be is said by the application, and held by the server."""

from __future__ import annotations

import socket

import pytest

pytestmark = pytest.mark.servers

APP = """
from demijohn import Flask
app = Flask(__name__)
app.config["MAX_HEADER_SIZE"] = 16_384

@app.get("/")
def hello():
    return "hello"
"""


def answered(port: int, size: int) -> bytes:
    """The status line of the answer to a request with a field of ``size`` bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * size + b"\r\n\r\n")
        return client.recv(1024).split(b"\r\n")[0]


def _text(text: bytes) -> bytes:
    """A text as HTTP/2 writes it (RFC 7541, sections 5.1 and 5.2), not compressed."""
    rest, length = len(text) - 127, bytearray([min(len(text), 127)])
    while rest >= 0:
        length.append(rest % 128 | (128 if rest > 127 else 0))
        rest = rest // 128 if rest > 127 else -1
    return bytes(length) + text


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def is_taken_by_http_2(port: int, size: int) -> bool:
    """Whether a request with a field of ``size`` bytes is answered by a 200."""
    fields = {":method": "GET", ":path": "/", ":scheme": "http", ":authority": "a", "x-a": "a" * size}
    block = b"".join(b"\0" + _text(name.encode()) + _text(value.encode()) for name, value in fields.items())
    parts = [block[start : start + 16_000] for start in range(0, len(block), 16_000)]
    frames = [
        _frame(9 if number else 1, (0 if number else 1) | (4 if number == len(parts) - 1 else 0), 1, part)
        for number, part in enumerate(parts)
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0) + b"".join(frames))
        received = client.makefile("rb")
        while head := received.read(9):
            payload = received.read(int.from_bytes(head[:3], "big"))
            if head[3] == 1:
                return payload[0] == 0x88  # the index of ":status: 200"
        return False


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_a_header_that_is_larger_than_the_setting_allows_is_431(project, run, interface):
    project.write("hello.py", APP)
    server = run("--interface", interface)
    assert answered(server.port, 12_000).startswith(b"HTTP/1.1 200")
    assert answered(server.port, 20_000).startswith(b"HTTP/1.1 431")
    assert is_taken_by_http_2(server.port, 12_000)
    assert not is_taken_by_http_2(server.port, 20_000)
    assert server.get() == (200, "hello")


def test_a_size_that_no_server_takes_is_refused_at_the_start(project, run):
    project.write("hello.py", APP.replace("16_384", "100"))
    server = run()
    assert server.wait() != 0
    assert "MAX_HEADER_SIZE" in server.output
    assert "from 8192 up" in server.output
