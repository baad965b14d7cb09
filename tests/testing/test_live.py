"""A real server in the process of a test."""

from __future__ import annotations

import os
import socket
import time
import urllib.error
import urllib.request

import pytest

from demijohn import Flask
from demijohn.setup.lifespan import StartupFailed
from demijohn.testing.live import LiveServer

pytestmark = pytest.mark.slow  # real servers


@pytest.fixture
def app():
    app = Flask("shop")

    @app.get("/")
    def home():
        return str(os.getpid())

    return app


def get(server):
    with urllib.request.urlopen(server.url, timeout=20) as response:
        return response.read().decode()


@pytest.mark.parametrize("interface", ["wsgi", "asgi", "rsgi"])
def test_it_serves_by_each_interface_and_runs_what_starts_and_stops(app, interface):
    happened = []
    app.before_serving(lambda: happened.append("started"))
    app.after_serving(lambda: happened.append("stopped"))
    for _ in range(2):
        with LiveServer(app, interface=interface) as server:
            assert get(server) == str(os.getpid())
        with pytest.raises(urllib.error.URLError):
            get(server)
    assert happened == ["started", "stopped"] * 2


def test_two_at_once_have_ports_of_their_own(app):
    with LiveServer(app) as one, LiveServer(Flask("other")) as other:
        assert one.port != other.port
        assert get(one) == str(os.getpid())


def test_a_client_that_says_nothing_does_not_keep_it_nor_end_the_process(app):
    with LiveServer(app, grace=0.1) as server:
        silent = socket.create_connection(("127.0.0.1", server.port))
        silent.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert silent.recv(10) == b""
    silent.close()


def test_a_start_up_hook_that_fails_is_raised(app):
    @app.before_serving
    def fails():
        raise ValueError("no corks")

    with pytest.raises(StartupFailed, match="no corks"), LiveServer(app):
        pass
