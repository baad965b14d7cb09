"""What the adapters ask of the application they serve, and the shapes of what servers hand over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from demijohn.contexts.context import RequestContext
from demijohn.dispatch import ports
from demijohn.typing import StartResponse
from demijohn.wrappers.websocket import Websocket

__all__ = ["Application"]


class Application(ports.Application, Protocol):
    """An application, as far as serving it goes."""

    websocket_class: type[Websocket]

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by WSGI, through all middleware."""
        ...

    def request_context(self, environ: Any) -> RequestContext:
        """A context for the request of an environ."""
        ...
