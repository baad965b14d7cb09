"""Event streams of real servers: closed when their client has gone, and by themselves when the server stops."""

from __future__ import annotations

import contextlib
import http.client
import json
import resource
import signal
import socket
import threading
import time

import pytest
from tests.support.servers import HOST, serve

SERVERS = ("demijohn-wsgi", "demijohn-asgi", "uvicorn", "hypercorn")
STREAMS = ("events", "waiting", "ticking", "ticking-with-pings")

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("events")]


@pytest.fixture(
    scope="module",
    params=[*SERVERS[:2], *(pytest.param(name, marks=pytest.mark.soak) for name in SERVERS[2:])],
)
def server(request):
    with serve("tests.events.site:app", request.param, env={"SYNC_SITE": "1"}) as running:
        yield running


def ask(server, method="GET", path="/", body=None):
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read()
        return json.loads(text) if text else None
    finally:
        connection.close()


@contextlib.contextmanager
def open_stream(server, path, method="GET"):
    peer = socket.create_connection((HOST, server.port), timeout=10)
    peer.sendall(
        f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{server.port}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    try:
        yield peer
    finally:
        peer.close()


def read_until(peer, wanted, seconds=10):
    found = b""
    deadline = time.monotonic() + seconds
    while wanted not in found:
        assert time.monotonic() < deadline, found
        part = peer.recv(65536)
        assert part, found
        found += part
    return found


def read_to_end(peer):
    found = b""
    while part := peer.recv(65536):
        found += part
        if found.endswith(b"\r\n0\r\n\r\n"):
            break
    return found


def until(check, seconds=2.5):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_an_event_reaches_the_client_as_it_is_published(server):
    with open_stream(server, "/events") as peer:
        read_until(peer, b"text/event-stream")
        assert until(lambda: ask(server)["listeners"] >= 1)
        ask(server, "POST", "/price", "12")
        assert b"data: 12" in read_until(peer, b"data: 12\n\n")


def test_a_stream_whose_client_left_is_closed_within_two_seconds_also_while_it_waits(server):
    assert until(lambda: ask(server)["listeners"] == 0)
    with open_stream(server, "/events") as peer:
        read_until(peer, b"text/event-stream")
        assert until(lambda: ask(server)["listeners"] == 1)
    assert until(lambda: ask(server)["listeners"] == 0)


@pytest.mark.parametrize(
    ("path", "says"), [("/waiting", "async"), ("/ticking", "sync"), ("/ticking-with-pings", "sync")]
)
def test_a_generator_whose_client_left_is_closed_within_two_seconds(server, path, says):
    before = ask(server)["journal"].count(f"{says} closed")
    with open_stream(server, path) as peer:
        read_until(peer, b"data: ")
    assert until(lambda: ask(server)["journal"].count(f"{says} closed") > before)


@pytest.mark.parametrize("name", SERVERS)
def test_streams_end_by_themselves_when_the_server_is_told_to_stop(name):
    with (
        serve("tests.events.site:app", name, env={"SYNC_SITE": "1"}) as server,
        contextlib.ExitStack() as stack,
    ):
        peers = [stack.enter_context(open_stream(server, f"/{path}")) for path in STREAMS]
        for peer in peers:
            read_until(peer, b"text/event-stream")
        answer = stack.enter_context(open_stream(server, "/tokens", "POST"))
        read_until(answer, b"token 0")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for peer in peers:
            assert read_to_end(peer).endswith(b"0\r\n\r\n"), server.log
        # What nobody would ask for again is let finish.
        assert b"token 3" in read_to_end(answer)
        server.process.wait(10)
        assert time.monotonic() - began < 5
        assert "Traceback" not in server.log


@pytest.mark.slow
@pytest.mark.parametrize("name", ["demijohn-asgi", "uvicorn"])
def test_a_thousand_streams_take_no_thread_each(name):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    try:
        with serve("tests.events.site:app", name) as server, contextlib.ExitStack() as stack:
            peers = [stack.enter_context(open_stream(server, "/events")) for _ in range(1000)]
            assert until(lambda: ask(server)["listeners"] == 1000, 30)
            assert ask(server)["threads"] < 100
            ask(server, "POST", "/price", "now")
            for peer in peers:
                read_until(peer, b"data: now\n\n")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_more_than_one_listener_gets_each_event_in_order(server):
    with open_stream(server, "/events") as one, open_stream(server, "/events") as two:
        for peer in (one, two):
            read_until(peer, b"text/event-stream")
        assert until(lambda: ask(server)["listeners"] >= 2)
        sender = threading.Thread(target=lambda: [ask(server, "POST", "/price", f"n{n}") for n in range(5)])
        sender.start()
        for peer in (one, two):
            text = read_until(peer, b"data: n4\n\n")
            assert [text.index(b"data: n%d\n" % n) for n in range(4)] == sorted(
                text.index(b"data: n%d\n" % n) for n in range(4)
            )
        sender.join()
