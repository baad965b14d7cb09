"""Granian's known hazards: each is closed by the server or the framework, or shown here as it is."""

from __future__ import annotations

import socket
import threading

import pytest

pytestmark = pytest.mark.servers

APP = """
import sys, threading, time
from demijohn import Flask, Response, request
app = Flask(__name__)

@app.get("/")
def hello():
    return "hello"

@app.get("/status/<int:code>")
def status(code):
    return "x", code

@app.get("/header")
def header():
    return Response("x", headers=[(request.args["name"], request.args["value"])])

@app.post("/length")
def length():
    try:
        return str(len(request.get_data()))
    finally:
        print("view ended", sys.exc_info()[0], flush=True)

@app.post("/lines")
def lines():
    return "|".join(line.decode().strip() for line in iter(request.stream.readline, b""))

@app.get("/threads")
def threads():
    time.sleep(0.3)
    return str(len(sys._current_frames()))
"""


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def server(request, project, run):
    project.write("hello.py", APP)
    return run("--interface", request.param)


@pytest.mark.parametrize("code", [0, 99, 1000])
def test_a_status_outside_100_to_999_does_not_end_the_worker(server, code):
    """Granian 2.8.7 aborts the whole worker on it."""
    assert server.get(f"/status/{code}")[0] == 500
    assert server.get() == (200, "hello")
    assert "died" not in server.output


@pytest.mark.parametrize("query", ["name=a%20b&value=c", "name=a&value=c%0d%0ad:e", "name=a&value=c%00"])
def test_case_43_an_invalid_header_is_an_error_and_the_worker_lives(server, query):
    """Granian 2.8.7 drops such a header without a word."""
    assert server.get(f"/header?{query}")[0] == 500
    assert server.get() == (200, "hello")


def test_case_24_a_truncated_body_is_never_presented_as_complete(server):
    """Granian 2.8.7 ends the body as if it were whole, on WSGI reads and on RSGI."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this")
        client.shutdown(socket.SHUT_WR)
        client.settimeout(20)
        answer = client.makefile("rb").read()
    assert not answer.startswith(b"HTTP/1.1 200")
    assert server.get() == (200, "hello")


def test_the_body_can_be_read_by_lines(server):
    """Granian 2.8.7's wsgi.input.readline() is broken."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(
            b"POST /lines HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 12\r\n\r\none\ntwo\nfour"
        )
        client.settimeout(20)
        assert client.makefile("rb").read().endswith(b"\r\n\r\none|two|four")


def test_the_threads_of_a_worker_are_bounded_by_what_was_asked_for(project, run):
    """Granian 2.8.7 allows 512 by default."""
    project.write("hello.py", APP)
    server = run("--interface", "wsgi", "--threads", "3")
    counts: list[int] = []
    clients = [
        threading.Thread(target=lambda: counts.append(int(server.get("/threads")[1]))) for _ in range(12)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    # The main thread, the lifeline's and the one that drains are there besides.
    assert max(counts) <= 3 + 3


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_threads_is_the_size_of_the_pool_for_sync_views_too(project, run, interface):
    project.write(
        "hello.py",
        "from demijohn import Flask\napp = Flask(__name__)\n@app.get('/')\ndef f(): return str(app.config['THREADS'])",
    )
    assert run("--interface", interface, "--threads", "3").get() == (200, "3")
