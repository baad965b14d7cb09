"""Pytest fixtures for applications: define ``app``, get ``client``, ``async_client`` and ``runner``.

::

    @pytest.fixture
    def app():
        return create_app(testing=True)

    def test_home(client):
        assert client.get("/").status_code == 200

    @pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
    def test_on_both(client): ...

``pytest --protocols all`` runs every test that uses a client once per protocol. Leaves alone: your own
fixtures of these names win.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from demijohn.testing.async_client import AsyncFlaskClient
from demijohn.testing.client import FlaskClient
from demijohn.testing.drive import PROTOCOLS
from demijohn.testing.runner import FlaskCliRunner


class Testable(Protocol):
    """An application, as the fixtures have it."""

    def test_client(self, *, protocol: str) -> FlaskClient:
        """A client."""
        ...

    def async_test_client(self) -> AsyncFlaskClient:
        """A client whose methods are awaited."""
        ...

    def test_cli_runner(self) -> FlaskCliRunner:
        """A runner for its commands."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--protocols``."""
    parser.getgroup("demijohn").addoption(
        "--protocols",
        default="",
        metavar="LIST",
        help="run tests that use a demijohn client over these protocols: wsgi,asgi,rsgi or all",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test that uses a client once per protocol that ``--protocols`` names."""
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
    """The protocol that ``client`` goes through; parametrize it, or pass ``--protocols``, for others."""
    return "wsgi"


@pytest.fixture
def client(app: Testable, protocol: str) -> Iterator[FlaskClient]:
    """A test client of the ``app`` fixture."""
    made = app.test_client(protocol=protocol)
    yield made
    made.close()


@pytest.fixture
def async_client(app: Testable) -> AsyncFlaskClient:
    """A test client of the ``app`` fixture whose methods are awaited."""
    return app.async_test_client()


@pytest.fixture
def runner(app: Testable) -> FlaskCliRunner:
    """A runner for the commands of the ``app`` fixture."""
    return app.test_cli_runner()
