"""What the tests of the core share: every promise about a request is kept on the three protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demijohn import Flask
from demijohn.testing import FlaskClient

PROTOCOLS = ("wsgi", "asgi", "rsgi")


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app() -> Flask:
    """An application with nothing in it but a key."""
    made = Flask("core", static_folder=None, root_path=str(Path(__file__).parent))
    made.config.update(
        SECRET_KEY="a key for tests that nobody else uses 0123456789", SESSION_COOKIE_SECURE=False
    )
    return made


@pytest.fixture
def reach(protocol: str) -> Iterator[Callable[..., FlaskClient]]:
    """Make a client for an application over this test's protocol; all are closed at the end."""
    made: list[FlaskClient] = []

    def client_of(app: Any, **options: Any) -> FlaskClient:
        client = FlaskClient(app, app.response_class, protocol=protocol, **options)
        made.append(client)
        return client

    yield client_of
    for client in made:
        client.close()


@pytest.fixture
def client(app: Flask, reach: Callable[..., FlaskClient]) -> FlaskClient:
    """A client of `app` over this test's protocol. Register everything before its first request."""
    return reach(app)
