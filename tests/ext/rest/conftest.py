"""Applications with an Api, asked over each protocol, with sync and async views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from demijohn import Flask
from demijohn.ext.rest import Api


class Site:
    """An application with an Api; what is registered by :meth:`add` is of the kind that is tested."""

    def __init__(self, protocol: str, is_async: bool, **options: Any) -> None:
        self.app = Flask("site")
        self.app.secret_key = "the key of these tests"
        self.api = Api(self.app, **options)
        self.protocol = protocol
        self.is_async = is_async
        self._client: Any = None

    def kind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, async where that is tested."""
        if not self.is_async:
            return function

        @wraps(function)
        async def run(*args: Any, **values: Any) -> Any:
            return function(*args, **values)

        return run

    def add(self, method: str, rule: str, **options: Any) -> Callable[[Any], Any]:
        return lambda function: getattr(self.api, method)(rule, **options)(self.kind(function))

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = self.app.test_client(protocol=self.protocol)
        return self._client


@pytest.fixture(
    params=[(protocol, kind) for protocol in ("wsgi", "asgi", "rsgi") for kind in (False, True)],
    ids=lambda p: f"{p[0]}-{'async' if p[1] else 'sync'}",
)
def site(request: pytest.FixtureRequest) -> Any:
    made = Site(*request.param)
    yield made
    if made._client is not None:
        made._client.close()


@pytest.fixture
def one() -> Any:
    """A site with sync views by WSGI, for what does not depend on either."""
    made = Site("wsgi", False)
    yield made
    if made._client is not None:
        made._client.close()


@pytest.fixture
def new_site() -> type[Site]:
    return Site
