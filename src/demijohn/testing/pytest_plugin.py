"""Pytest fixtures for applications. ``app`` is yours, or made from ``demijohn_app`` in pytest's settings.

::

    # pyproject.toml
    [tool.pytest.ini_options]
    demijohn_app = "shop:create_app"

    def test_home(client):                      # also async_client and cli
        assert client.get("/").status_code == 200

    def test_for_real(live_server, db):         # a server in this process; what is committed is taken back
        assert httpx.get(f"{live_server.url}/").status_code == 200

    def test_page(client, captured_templates, captured_tasks): ...

``pytest --protocols all`` runs every test that uses a client once per protocol. Leaves alone: your own
fixtures of these names win.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Protocol, cast

import pytest

from demijohn.cli import ScriptInfo
from demijohn.signals import template_rendered
from demijohn.testing import pytest_browser
from demijohn.testing.async_client import AsyncFlaskClient
from demijohn.testing.client import FlaskClient
from demijohn.testing.drive import PROTOCOLS
from demijohn.testing.live import LiveServer
from demijohn.testing.ports import Application
from demijohn.testing.runner import FlaskCliRunner


class Database(Protocol):
    """The database object of an application."""

    def rolled_back(self) -> AbstractContextManager[None]:
        """A block after which all is as before."""
        ...


class Tasks(Protocol):
    """The background tasks of an application."""

    def captured(self) -> AbstractContextManager[list[Any]]:
        """A block in which tasks are noted and not run."""
        ...


class Testable(Application, Protocol):
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


#: The servers of applications that live longer than a test, by the application's identity.
_SERVERS: pytest.StashKey[dict[int, LiveServer | None]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--protocols`` and the setting ``demijohn_app``."""
    parser.addini(
        "demijohn_app", "the application, as 'demijohn --app' takes it: the fixture 'app' is made from it"
    )
    parser.getgroup("demijohn").addoption(
        "--protocols",
        default="",
        metavar="LIST",
        help="run tests that use a demijohn client over these protocols: wsgi,asgi,rsgi or all",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Offer a browser, where pytest-playwright does not."""
    config.stash[_SERVERS] = {}
    if not config.pluginmanager.hasplugin("playwright"):
        config.pluginmanager.register(pytest_browser, "demijohn-browser")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Have the server of an application that is kept for several tests end before that does."""
    made = yield
    if fixturedef.argname == "app" and fixturedef.scope != "function":
        request.config.stash[_SERVERS][id(made)] = None
        request.addfinalizer(partial(_stop_server, request.config, made))
    return made


def _stop_server(config: pytest.Config, app: object) -> None:
    server = config.stash[_SERVERS].pop(id(app), None)
    if server is not None:
        server.stop()


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
def app(pytestconfig: pytest.Config) -> Testable:
    """The application that ``demijohn_app`` names; of a factory, a new one for each test."""
    named = pytestconfig.getini("demijohn_app")
    if not named:
        _fail(
            "There is no application to test. Define a fixture 'app', or name one in pytest's settings, such as"
            ' demijohn_app = "shop:create_app" below [tool.pytest.ini_options] in pyproject.toml.'
        )
    made = ScriptInfo(str(Path(pytestconfig.rootpath, named)), set_debug_flag=False).load_app()
    made.testing = True
    return cast(Testable, made)


def _fail(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)


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


@pytest.fixture
def cli(runner: FlaskCliRunner) -> FlaskCliRunner:
    """The same, by a shorter name."""
    return runner


@pytest.fixture
def live_server(app: Testable, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """A server of the ``app`` fixture in this process, on a free port; it stays as long as that does."""
    if "db" in request.fixturenames:
        request.getfixturevalue("db")  # what start-up hooks do with it is taken back as well
    servers = request.config.stash[_SERVERS]
    if id(app) not in servers:
        with LiveServer(app) as server:
            yield server
        return
    kept = servers[id(app)]
    if kept is None:
        kept = LiveServer(app)
        kept.start()
        servers[id(app)] = kept
    yield kept


@pytest.fixture
def db(app: Testable) -> Iterator[Any]:
    """The database object of ``app``, in a context of it. After the test, all that it did there is taken back."""
    database: Any = app.extensions.get("sqlalchemy")
    if database is None:
        _fail(f"The application {app.name!r} has no database: make it one with SQLAlchemy(app).")
    taken_back = getattr(cast(Database, database), "rolled_back", None)
    if taken_back is None:
        _fail(f"{type(database).__module__} cannot take back what a test does: use demijohn.ext.database.")
    with app.app_context(), taken_back():
        yield database


@pytest.fixture
def captured_templates(app: Testable) -> Iterator[list[tuple[Any, dict[str, Any]]]]:
    """Pairs of a template that was rendered in this test, and its context."""
    rendered: list[tuple[Any, dict[str, Any]]] = []

    def note(sender: object, template: Any, context: dict[str, Any], **more: object) -> None:
        rendered.append((template, context))

    with template_rendered.connected_to(note, app):
        yield rendered


@pytest.fixture
def captured_tasks(app: Testable) -> Iterator[list[Any]]:
    """The background tasks that this test has sent; they are not run."""
    tasks: Tasks | None = app.extensions.get("tasks")
    if tasks is None:
        _fail(f"The application {app.name!r} has no tasks: make it some with Tasks(app).")
    with tasks.captured() as sent:
        yield sent
