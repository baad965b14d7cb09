"""The hooks around serving run once, in order, whatever serves."""

from __future__ import annotations

import os
import signal
import time

import pytest
from tests.protocols.app import create_app
from tests.support.http1 import Connection
from tests.support.servers import SERVERS, serve

from demijohn.testing import FlaskClient

STARTED = ["before", "before async", "while begins"]
ENDED = ["while ends", "after"]


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.servers
@pytest.mark.parametrize("server", SERVERS)
def test_start_up_and_shutdown_hooks_run_once_around_serving(server, tmp_path):
    log = tmp_path / "lifespan.log"
    with serve("tests.protocols.app:app", server, env={"LIFESPAN_LOG": str(log)}) as running:
        with Connection(running.host, running.port) as connection:
            connection.send("GET", "/s/started", [])
            assert connection.read().json == STARTED
        assert lines(log) == STARTED
        os.killpg(running.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while running.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not running.is_alive()
    assert lines(log) == STARTED + ENDED


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_test_client_with_lifespan_runs_them(protocol, tmp_path, monkeypatch):
    log = tmp_path / "lifespan.log"
    monkeypatch.setenv("LIFESPAN_LOG", str(log))
    with FlaskClient(create_app(), protocol=protocol, lifespan=True) as client:
        assert client.get("/s/started").json == STARTED
    assert lines(log) == STARTED + ENDED
