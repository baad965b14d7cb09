"""A site with limits, over each protocol and each kind of storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sessions.server_side.conftest import RedisServer

from demijohn import Flask
from demijohn.ext.ratelimit import Limiter, get_remote_address
from demijohn.testing import FlaskClient


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    server = request.getfixturevalue("redis_server")
    import redis

    with redis.Redis(port=server.port) as client:
        client.flushdb()
    return str(server.url)


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app() -> Flask:
    return Flask("limited", static_folder=None)


@pytest.fixture
def limiter(app: Flask, storage: str) -> Limiter:
    return Limiter(get_remote_address, app=app, storage_uri=storage)


@pytest.fixture
def reach(protocol: str) -> Iterator[Callable[..., FlaskClient]]:
    made: list[FlaskClient] = []

    def client_of(app: Any) -> FlaskClient:
        made.append(app.test_client(protocol=protocol))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


@pytest.fixture
def client(app: Flask, reach: Callable[..., FlaskClient]) -> FlaskClient:
    return reach(app)
