"""A page whose functions are called, over each protocol, from a `def` and an `async def` view."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demijohn import Flask, g, render_template_string
from demijohn.ext.ajax import Sijax, route
from demijohn.testing import FlaskClient

LINES = {"Accept": "application/x-ndjson"}


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app() -> Flask:
    made = Flask("ajax", static_folder=None)
    made.config["SECRET_KEY"] = "a key for tests that nobody else uses 0123456789"
    return made


@pytest.fixture
def client(app: Flask, protocol: str) -> Iterator[FlaskClient]:
    made = FlaskClient(app, app.response_class, protocol=protocol)
    yield made
    made.close()


class Page:
    """Calls functions as the script of the page does."""

    def __init__(self, app: Flask, client: FlaskClient, is_async: bool) -> None:
        Sijax(app)
        self.client = client
        self.functions: list[Callable[[], Any]] = []

        @route(app, "/def")
        def page() -> Any:
            self.register()
            if g.sijax.is_sijax_request:
                return g.sijax.process_request()
            return render_template_string("{{ sijax_script() }}")

        @route(app, "/async")
        async def async_page() -> Any:
            self.register()
            if g.sijax.is_sijax_request:
                return await g.sijax.process_request()
            return render_template_string("{{ sijax_script() }}")

        self.path = "/async" if is_async else "/def"

    def register(self) -> None:
        for function in self.functions:
            function()

    def has(
        self, name: str, handler: Callable[..., Any], how: str = "register_callback", **options: Any
    ) -> None:
        self.functions.append(lambda: getattr(g.sijax, how)(name, handler, **options))

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        self.functions.append(lambda: g.sijax.register_event(event, handler))

    def post(self, name: str, *args: Any, form: dict[str, Any] | None = None, **options: Any) -> Any:
        fields = {"sijax_rq": name, "sijax_args": json.dumps(args), **(form or {})}
        return self.client.post(self.path, data=fields, **options)

    def call(self, name: str, *args: Any) -> Any:
        answer = self.post(name, *args)
        assert answer.status_code == 200, answer.text
        return answer.json

    def follow(self, name: str, *args: Any, **options: Any) -> list[Any]:
        answer = self.post(name, *args, headers=LINES, **options)
        assert answer.mimetype == "application/x-ndjson"
        return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture(params=[False, True], ids=["def", "async def"])
def page(request: pytest.FixtureRequest, app: Flask, client: FlaskClient) -> Page:
    return Page(app, client, request.param)
