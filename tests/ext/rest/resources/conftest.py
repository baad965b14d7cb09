"""Applications with an Api, asked over the three protocols, with sync and async methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demijohn import Flask
from demijohn.ext.rest import Api, Resource

PROTOCOLS = ("wsgi", "asgi", "rsgi")


class Site:
    """An application with an Api, and methods of one kind."""

    def __init__(self, protocol: str, is_async: bool) -> None:
        self.protocol = protocol
        self.is_async = is_async
        self.app = Flask("cellar")
        self._clients: list[Any] = []

    def api(self, **options: Any) -> Api:
        return Api(self.app, **options)

    def method(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A method of this site's kind."""

        async def awaited(self: Any, **values: Any) -> Any:
            return function(self, **values)

        return awaited if self.is_async else function

    def resource(self, name: str = "Thing", **methods: Any) -> Any:
        """A resource with these methods; what is no function is what one returns."""
        made = {
            key: self.method(value if callable(value) else lambda self, _value=value, **values: _value)
            for key, value in methods.items()
        }
        return type(name, (Resource,), made)

    @property
    def client(self) -> Any:
        client = self.app.test_client(protocol=self.protocol)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(
    params=[(protocol, is_async) for protocol in PROTOCOLS for is_async in (False, True)],
    ids=lambda param: f"{param[0]}-{'async' if param[1] else 'sync'}",
)
def site(request: Any) -> Iterator[Site]:
    made = Site(*request.param)
    yield made
    made.close()
