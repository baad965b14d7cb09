"""What keeping sessions on a server asks of the application, beyond what every session does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from demijohn.contexts import ports

__all__ = ["Application"]


class Application(ports.Application, Protocol):
    """An application whose sessions are kept on a server."""

    view_functions: dict[str, Callable[..., Any]]
    before_request_funcs: dict[Any, list[Any]]
    before_websocket_funcs: dict[Any, list[Any]]
    readiness_checks: dict[str, Callable[[], Any]]
    after_serving_funcs: list[Callable[[], Any]]

    @property
    def cli(self) -> Any:
        """The group of the application's commands."""
        ...

    def check_settings(self, kinds: Mapping[str, Any] | None = None) -> None:
        """Find settings of a wrong kind at start-up."""
        ...

    def make_response(self, rv: Any) -> Any:
        """A response of what a view or an error handler returned."""
        ...

    def handle_user_exception(self, e: Exception) -> Any:
        """What the error handler for an exception returns."""
        ...
