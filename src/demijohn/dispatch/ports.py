"""What a request asks of the application above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn, Protocol, TypeAlias

from werkzeug.exceptions import HTTPException

from demijohn.contexts import ports
from demijohn.http.cors import Sharing
from demijohn.routing import Router
from demijohn.setup.lifecycle import Lifecycle
from demijohn.setup.mounting import Mount
from demijohn.wrappers.request import Request

__all__ = ["Application"]

Hooks: TypeAlias = dict[Any, list[Any]]


class Application(ports.Application, Protocol):
    """An application, as far as a request from its route to its end goes."""

    lifecycle: Lifecycle
    #: Whether a test client may want to keep contexts.
    watched: bool
    #: False says that no sync code of this application blocks.
    blocking: bool
    subdomain_matching: bool
    #: Makes the page that shows an error in debug mode.
    debug_page: Callable[..., Any] | None

    # Registrations.

    view_adapters: list[Callable[[Any, Any], Any]]
    handler_finders: tuple[Callable[[Exception], Any], ...]
    sharings: list[Sharing]
    observers: list[Any]
    readiness_checks: dict[str, Callable[[], Any]]
    mounts: dict[str, Mount]
    view_functions: dict[str, Callable[..., Any]]
    url_value_preprocessors: Hooks
    before_request_funcs: Hooks
    after_request_funcs: Hooks
    teardown_request_funcs: Hooks
    before_websocket_funcs: Hooks
    after_websocket_funcs: Hooks
    teardown_websocket_funcs: Hooks
    template_context_processors: Hooks
    url_default_functions: Hooks
    teardown_appcontext_funcs: list[Any]
    before_idle_funcs: list[Callable[[], Any]]
    error_handler_spec: dict[Any, dict[int | None, dict[type[Exception], Any]]]

    def check_settings(self) -> None:
        """Find settings of a wrong kind at start-up, and not where a visitor's request reads them."""
        ...

    def router(self) -> Router:
        """The compiled routes."""
        ...

    def forwarder(self) -> Callable[[Any], None] | None:
        """What puts the word of trusted proxies into an environ."""
        ...

    def observed_entry(self) -> Callable[..., Any]:
        """What a request by WSGI meets first where somebody looks at it."""
        ...

    def find_error_handler(self, e: Exception, blueprints: Iterable[str]) -> Callable[..., Any] | None:
        """The handler of the most specific class."""
        ...

    # Methods that a request calls, however they came to be.

    def make_response(self, rv: Any) -> Any:
        """A response of what a view returned."""
        ...

    def make_default_options_response(self) -> Any:
        """The automatic answer to OPTIONS."""
        ...

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what routing left on the request."""
        ...

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP exception is treated as an unhandled error."""
        ...

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether teardown functions are not told about an error."""
        ...

    def log_exception(self, exc_info: Any) -> None:
        """Log an error nobody handled."""
        ...

    def handle_http_exception(self, e: HTTPException) -> Any:
        """What answers an HTTP error."""
        ...
