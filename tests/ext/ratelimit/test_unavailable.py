"""A storage that is gone: everybody is let in and the log says so once, or nobody is."""

from __future__ import annotations

import time

import pytest
from tests.sessions.server_side.conftest import RedisServer

from demijohn.ext.ratelimit import Limiter, get_remote_address


@pytest.fixture
def server():
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("when", "status"), [("allow", 200), ("refuse", 503)])
def test_a_storage_that_is_gone(app, reach, server, caplog, kind, when, status):
    app.config["RATELIMIT_WHEN_UNAVAILABLE"] = when
    limiter = Limiter(get_remote_address, app=app, storage_uri=server.url)

    async def view():
        return "x"

    app.add_url_rule("/", "index", limiter.limit("1/minute")(view if kind == "async" else lambda: "x"))
    client = reach(app)
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]
    server.stop()
    began = time.monotonic()
    answers = [client.get("/") for _ in range(10)]
    assert time.monotonic() - began < 8
    assert [answer.status_code for answer in answers] == [status] * 10
    assert all(("Retry-After" in answer.headers) == (status == 503) for answer in answers)
    (record,) = [record for record in caplog.records if "cannot be counted" in record.getMessage()]
    assert when in record.getMessage()
    server.start()
    time.sleep(1.1)
    assert [client.get("/").status_code for _ in range(2)] == [200, 429]


def test_a_storage_that_does_not_answer_holds_nobody_up(app, reach, server):
    limiter = Limiter(get_remote_address, app=app, storage_uri=server.url)
    app.add_url_rule("/", "index", limiter.limit("1/minute")(lambda: "x"))
    client = reach(app)
    client.get("/")
    server.freeze()
    try:
        # Where nobody limits the waiting it has no end; pytest's own limit is further off than this one.
        began = time.monotonic()
        assert client.get("/").status_code == 200
        assert time.monotonic() - began < 30
    finally:
        server.thaw()
