"""`web`: the fixture application, reached through each interface in process and through each real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.servers import ASGI_SERVERS, SERVERS, Server, serve
from tests.support.web import InProcess, OverSocket, Web

IN_PROCESS = ("wsgi", "asgi", "rsgi")
APP = "tests.protocols.app:app"


def _options(name: str) -> dict[str, object]:
    # A server that is told nothing must not believe forwarded headers either (case 4).
    return {"no_proxy_headers": True} if name == "uvicorn" else {}


EVERY = (*IN_PROCESS, *SERVERS)
REACHED = {
    "web_told_of_disconnects": [name for name in EVERY if not name.endswith("wsgi") and name != "gunicorn"],
    "web_with_back_pressure": [name for name in EVERY if not name.endswith("rsgi")],
    "socket_server": ASGI_SERVERS,
    "wire": SERVERS,
    "web": EVERY,
}
"""What each fixture is parametrized over, the narrow ones before those they stand on."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = next((fixture for fixture in REACHED if fixture in metafunc.fixturenames), None)
    if wanted is not None:
        metafunc.parametrize("reached_by", [_parameter(name) for name in REACHED[wanted]], scope="session")
    if "flavour" in metafunc.fixturenames:
        metafunc.parametrize("flavour", ["s", "a"], ids=["sync", "async"])


def _parameter(name: str) -> Any:
    marks = [pytest.mark.servers, pytest.mark.xdist_group(f"server-{name}")] if name in SERVERS else []
    return pytest.param(name, marks=marks)


@pytest.fixture(scope="session")
def reached_by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def running(reached_by: str) -> Iterator[Server | None]:
    """The real server of this parameter, started once; `None` for the in-process ones."""
    if reached_by in IN_PROCESS:
        yield None
        return
    with serve(APP, reached_by, **_options(reached_by)) as server:
        yield server


@pytest.fixture(scope="session")
def web(reached_by: str, running: Server | None) -> Iterator[Web]:
    """Every way to reach the application."""
    if running is not None:
        yield OverSocket(running)
        return
    from tests.protocols.app import create_app

    inside = InProcess(create_app(), reached_by)
    yield inside
    inside.client.close()


@pytest.fixture(scope="session")
def web_told_of_disconnects(web: Web) -> Web:
    """All but WSGI, under which nobody is told of a disconnect until the next piece is sent."""
    return web


@pytest.fixture(scope="session")
def web_with_back_pressure(web: Web) -> Web:
    """All but RSGI, whose streams take everything at once."""
    return web


@pytest.fixture(scope="session")
def wire(running: Server | None) -> OverSocket:
    """Every real server, for tests that must send bytes no client library would."""
    assert running is not None
    return OverSocket(running)


@pytest.fixture(scope="session")
def socket_server(running: Server | None) -> Server:
    """Every real server that carries WebSockets."""
    assert running is not None
    return running


@pytest.fixture(autouse=True)
def still_alive(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test its server still answers: no test may leave a broken worker behind."""
    yield
    for name in ("web", "wire"):
        if name in request.fixturenames:
            assert request.getfixturevalue(name).get("/").status == 200
