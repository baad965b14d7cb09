"""Pytest fixtures for applications: define `app`, get `client`, `async_client` and `runner`.

::

    @pytest.fixture
    def app():
        return create_app(testing=True)

    def test_home(client):
        assert client.get("/").status_code == 200

    @pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
    def test_on_both(client): ...

``pytest --protocols all`` runs every test that uses a client once per interface. Leaves alone: your own
fixtures of these names win.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .async_client import AsyncFlaskClient
from .client import FlaskClient
from .drive import PROTOCOLS
from .runner import FlaskCliRunner


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--protocols``."""
    parser.getgroup("demijohn").addoption(
        "--protocols",
        default="",
        metavar="LIST",
        help="run tests that use a demijohn client over these interfaces: wsgi,asgi,rsgi or all",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test that uses a client once per interface that ``--protocols`` names."""
    wanted = metafunc.config.getoption("--protocols")
    marked = {name for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark)}
    if wanted and "protocol" in metafunc.fixturenames and "protocol" not in marked:
        names = PROTOCOLS if wanted == "all" else tuple(wanted.split(","))
        if unknown := set(names) - set(PROTOCOLS):
            raise pytest.UsageError(
                f"--protocols: unknown {', '.join(unknown)}; known are {', '.join(PROTOCOLS)}"
            )
        metafunc.parametrize("protocol", names)


def _names(mark: pytest.Mark) -> list[str]:
    given = mark.args[0] if mark.args else mark.kwargs.get("argnames", "")
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)


@pytest.fixture
def protocol() -> str:
    """The interface that `client` drives; parametrize it, or pass ``--protocols``, for others."""
    return "wsgi"


@pytest.fixture
def client(app: Any, protocol: str) -> Iterator[FlaskClient]:
    """Give a test client of the `app` fixture over `protocol`."""
    made: FlaskClient = app.test_client(protocol=protocol)
    yield made
    made.close()


@pytest.fixture
def async_client(app: Any) -> AsyncFlaskClient:
    """Give a test client of the `app` fixture whose methods are awaited."""
    made: AsyncFlaskClient = app.async_test_client()
    return made


@pytest.fixture
def runner(app: Any) -> FlaskCliRunner:
    """Give a runner for the commands of the `app` fixture."""
    made: FlaskCliRunner = app.test_cli_runner()
    return made
