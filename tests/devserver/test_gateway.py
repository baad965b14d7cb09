"""WSGI as `demijohn run` serves it, for whatever stands where `wsgi_app` did: bodies, streams, threads, the log."""

from __future__ import annotations

import socket
import threading
import time

import pytest

pytestmark = pytest.mark.servers

APP = """
import sys, time
from demijohn import Flask

def hello(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/length":
        body = str(len(environ["wsgi.input"].read())).encode()
    elif path == "/write":
        write = start_response("201 Created", [("X-Word", "caf\\xe9")])
        write(b"one,")
        return iter([b"two"])
    elif path == "/replaced":
        start_response("200 OK", [])
        try:
            raise ValueError("later")
        except ValueError:
            start_response("418 I'm a teapot", [], sys.exc_info())
        return [b"replaced"]
    elif path == "/nothing":
        return [b"nobody called start_response"]
    elif path == "/large":
        start_response("200 OK", [])
        return Parts()
    elif path == "/wait":
        time.sleep(0.1)
        body = b"waited"
    else:
        body = repr((type(environ) is dict, environ.get("HTTP_X_WORD"), environ.get("HTTP_HOST"),
                     "SECRET" in environ)).encode()
    start_response("200 OK", [])
    return [body]

class Parts:
    def __iter__(self):
        for _ in range(400):
            yield b"x" * 50_000
    def close(self):
        print("closed", flush=True)

app = Flask(__name__)
app.wsgi_app = hello
"""


@pytest.fixture
def serve(project, run):
    project.write("plain.py", APP)

    def serve(*arguments):
        return run("--interface", "wsgi", *arguments, app="plain", SECRET="x")

    return serve


def answer(server, data: bytes, timeout: float = 20) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as client:
        client.sendall(data)
        return client.makefile("rb").read()


def get(server, path: str, *fields: bytes) -> bytes:
    head = b"\r\n".join(
        [f"GET {path} HTTP/1.1".encode(), b"Host: own.example", b"Connection: close", *fields]
    )
    return answer(server, head + b"\r\n\r\n")


def test_what_is_called_gets_an_environ_with_every_byte_and_no_secret(serve):
    server = serve()
    assert "(True, 'Zo\xeb', 'own.example', False)".encode() in get(server, "/", b"X-Word: Zo\xeb")
    assert b"(True, None, None, False)" in answer(server, b"GET / HTTP/1.0\r\n\r\n")


def test_write_and_the_iterable_make_one_body_and_field_values_are_latin_1(serve):
    raw = get(serve(), "/write")
    assert raw.startswith(b"HTTP/1.1 201")
    assert b"x-word: caf\xe9" in raw
    assert raw.index(b"one,") < raw.index(b"two")


def test_an_answer_that_has_not_begun_can_be_replaced(serve):
    assert get(serve(), "/replaced").startswith(b"HTTP/1.1 418")


def test_an_application_that_does_not_call_start_response_is_a_500(serve):
    server = serve()
    assert get(server, "/nothing").startswith(b"HTTP/1.1 500")
    server.until_printed("start_response")
    assert get(server, "/").startswith(b"HTTP/1.1 200")


def test_as_many_slow_uploads_as_there_are_threads_and_more_all_end(serve):
    """What wakes a thread that waits for its body must not wait for a thread itself."""
    server = serve("--threads", "2")
    server.port  # noqa: B018 (waits until it serves)
    answers: list[bytes] = []

    def upload() -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(
                b"POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n"
            )
            for _ in range(3):
                time.sleep(0.1)
                client.sendall(b"x" * 100_000)
            answers.append(client.makefile("rb").read())

    clients = [threading.Thread(target=upload) for _ in range(6)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [raw.endswith(b"300000") for raw in answers] == [True] * 6


def test_requests_beyond_the_threads_wait_for_their_turn(serve):
    server = serve("--threads", "1")
    server.port  # noqa: B018
    answers: list[bytes] = []
    clients = [threading.Thread(target=lambda: answers.append(get(server, "/wait"))) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert [raw.endswith(b"waited") for raw in answers] == [True] * 8


def test_a_slow_reader_gets_all_and_slows_the_application_down(serve):
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(1)
        assert "closed" not in server.output, "20 MB were made for a client that reads nothing"
        body = client.makefile("rb").read()
    assert body.count(b"x") == 20_000_000
    assert body.endswith(b"0\r\n\r\n")
    server.until_printed("closed")


def test_a_body_is_closed_when_its_reader_leaves(serve):
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        client.recv(1000)
    server.until_printed("closed")


def test_the_access_log_has_a_line_for_each_request(serve):
    server = serve("--access-log")
    get(server, "/wait?x=1")
    get(server, "/nothing")
    assert server.until_printed(r'"GET /wait HTTP/1\.1" (\d+)') == "200"
    assert server.until_printed(r'"GET /nothing HTTP/1\.1" (\d+)') == "500"
