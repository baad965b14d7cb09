"""A folder of static files, and applications that serve it on the three protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demijohn import Flask
from demijohn.testing import FlaskClient

SHEET = "body { background: url(img/wall.png) }\n" + "".join(
    f".c{n} {{ margin: {n}px }}\n" for n in range(900)
)


class Client(FlaskClient):
    """A client that reads each answer to its end, and so leaves no file open."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return super().open(*args, buffered=True, **kwargs)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A style sheet, a picture that it names, a script, and a text."""
    static = tmp_path / "static"
    (static / "img").mkdir(parents=True)
    (static / "cellar.css").write_text(SHEET)
    (static / "img" / "wall.png").write_bytes(b"\x89PNG not really")
    (static / "app.js").write_text("let wine = 1;\n" * 200)
    (static / "tiny.txt").write_text("ab")
    return static


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(folder: Path) -> Callable[..., Flask]:
    """Make an application over the folder, with settings."""

    def made(cls: type[Flask] = Flask, **settings: Any) -> Flask:
        app = cls("static_app", root_path=str(folder.parent))
        app.config.update(settings)
        return app

    return made


@pytest.fixture
def reach(protocol: str) -> Iterator[Callable[[Flask], FlaskClient]]:
    """Make a client for an application over this test's protocol."""
    clients: list[FlaskClient] = []

    def client_of(app: Flask) -> FlaskClient:
        app.test_client_class = Client
        client = app.test_client(protocol=protocol)
        clients.append(client)
        return client

    yield client_of
    for client in clients:
        client.close()
