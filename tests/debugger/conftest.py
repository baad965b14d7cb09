"""An application in debug mode as the development server sets it up, over each protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demijohn import Flask
from demijohn.debugger import install
from demijohn.testing import FlaskClient

PIN = "246-813-579"
HERE = "/__demijohn__/debugger/"


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set what the debugger reads when it is installed."""

    def set_all(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"DEMIJOHN_{name}", value)

    set_all(DEBUG_PIN=PIN)
    return set_all


@pytest.fixture
def app(environment: Callable[..., None]) -> Flask:
    made = Flask("debugged", static_folder=None, root_path=str(Path(__file__).parent))
    made.config.update(
        SECRET_KEY="a key for tests that nobody else uses 0123456789", SESSION_COOKIE_SECURE=False
    )
    made.debug = True
    return made


@pytest.fixture
def client(app: Flask, protocol: str) -> Iterator[Browser]:
    """A client; the debugger is installed with its first request, so set the environment before."""
    made = Browser(app, protocol)
    yield made
    made.client.close()


class Browser:
    """Asks for pages of an application in debug mode, and uses the console."""

    def __init__(self, app: Flask, protocol: str) -> None:
        self.app = app
        self.client = FlaskClient(app, app.response_class, protocol=protocol)

    def install(self) -> None:
        """Put the debugger in place, once."""
        if self.app.debug_page is None:
            install(self.app)

    def get(self, path: str, accept: str = "text/html", **headers: str) -> Any:
        self.install()
        return self.client.get(path, headers={"Accept": accept, **headers})

    def post(self, path: str, json: Any, **headers: str) -> Any:
        self.install()
        return self.client.post(path, json=json, headers=headers)

    def failed(self, path: str) -> Page:
        """The page of an error."""
        answer = self.get(path)
        assert answer.status_code == 500, answer.text
        return Page(self, answer.text)

    def unlock(self) -> None:
        assert self.post(f"{HERE}pin", {"pin": PIN}).status_code == 204


class Page:
    """A page of an error."""

    def __init__(self, browser: Browser, text: str) -> None:
        self._browser = browser
        self.text = text
        found = re.search(r'<meta name="demijohn-debugger" content="([^"]+)">', text)
        self.token = found[1] if found else None
        self.frames: list[str] = re.findall(r'data-frame="([^"]+)"', text)
        self.own: list[str] = re.findall(r'class="own" data-frame="([^"]+)"', text)

    def ask(self, code: str, frame: str | None = None) -> Any:
        """Send code to a frame, by default the last of the application's own."""
        sent = {"frame": frame or self.own[0], "code": code}
        headers = {} if self.token is None else {"X-Demijohn-Debugger": self.token}
        return self._browser.post(f"{HERE}eval", sent, **headers)

    def output(self, code: str, frame: str | None = None) -> str:
        answer = self.ask(code, frame)
        assert answer.status_code == 200, answer.text
        return str(answer.json["output"])
