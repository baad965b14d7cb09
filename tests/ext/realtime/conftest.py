"""The site behind each server, and a Valkey of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.ext.realtime.wire import Polling
from tests.sessions.server_side.conftest import RedisServer
from tests.support.servers import Server, serve

SITE = "tests.ext.realtime.site:app"


@pytest.fixture(
    scope="module",
    params=[
        "demijohn-asgi",
        *(pytest.param(name, marks=pytest.mark.soak) for name in ("uvicorn", "hypercorn")),
    ],
)
def site(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serve(SITE, request.param) as server:
        yield server


@pytest.fixture(scope="module")
def one_site() -> Iterator[Server]:
    with serve(SITE, "uvicorn") as server:
        yield server


@pytest.fixture
def valkey() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while Polling.clients:
        Polling.clients.pop().close()
