"""What the server asks of what it serves, and the protocols by which that is called.

One of our applications offers more than anybody else's, whose callable is taken as it is:
:mod:`demijohn.devserver.entries` tells the two apart.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Protocol, TypeAlias, overload

from demijohn.config import Config
from demijohn.contexts.context import RequestContext
from demijohn.policy import Policy
from demijohn.typing import RawHeaders, Receive, Scope, Send, StartResponse

__all__ = [
    "AnyApplication",
    "Application",
    "Lifecycle",
    "Loader",
    "RSGIApplication",
    "RSGIEntry",
    "RSGIHTTP",
    "RSGIHeaders",
    "RSGIScope",
    "RSGIStream",
    "RSGIWebsocket",
    "RSGIWebsocketMessage",
    "RSGIWebsocketTransport",
]

# RSGI 1.6, as Granian 2.8.7 hands it on.


class RSGIHeaders(Protocol):
    """The header fields of a request: names in any case, values as text."""

    def get(self, key: str, default: str | None = None) -> str | None:
        """The first value of a field."""
        ...

    def get_all(self, key: str) -> list[str]:
        """Every value of a field."""
        ...

    def items(self) -> RawHeaders:
        """Names and values, as they came."""
        ...

    def __contains__(self, key: str) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...


class RSGIScope(Protocol):
    """One connection."""

    #: ``http`` or ``ws``.
    proto: str
    http_version: str
    rsgi_version: str
    #: Host and port, with a colon between.
    server: str
    client: str
    scheme: str
    method: str
    #: Decoded.
    path: str
    query_string: str
    #: What HTTP/2 has in the place of Host.
    authority: str | None

    @property
    def headers(self) -> RSGIHeaders:
        """The header fields."""
        ...


class RSGIStream(Protocol):
    """Sends the parts of a response. It never waits for the client."""

    async def send_bytes(self, data: bytes) -> None:
        """Send a part; raises once the client has gone."""
        ...

    async def send_str(self, data: str) -> None:
        """Send a part as UTF-8; raises once the client has gone."""
        ...


class RSGIHTTP(Protocol):
    """What a request's body is read from, and its response sent by."""

    def __call__(self) -> Awaitable[bytes]:
        """The whole body."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def client_disconnect(self) -> Awaitable[None]:
        """Wait until the client has gone."""
        ...

    def response_empty(self, status: int, headers: RawHeaders) -> None:
        """Respond without a body."""
        ...

    def response_str(self, status: int, headers: RawHeaders, body: str) -> None:
        """Respond with text, sent as UTF-8."""
        ...

    def response_bytes(self, status: int, headers: RawHeaders, body: bytes) -> None:
        """Respond with bytes."""
        ...

    def response_file(self, status: int, headers: RawHeaders, file: str) -> None:
        """Respond with a file."""
        ...

    def response_file_range(self, status: int, headers: RawHeaders, file: str, start: int, end: int) -> None:
        """Respond with a part of a file."""
        ...

    def response_stream(self, status: int, headers: RawHeaders) -> RSGIStream:
        """Begin a response whose parts follow."""
        ...


class RSGIWebsocketMessage(Protocol):
    """What a client sent: kind 1 holds bytes, kind 2 text; kind 0 is its close."""

    @property
    def kind(self) -> int:
        """The kind."""
        ...


class RSGIWebsocketTransport(Protocol):
    """A WebSocket that was accepted."""

    def receive(self) -> Awaitable[RSGIWebsocketMessage]:
        """Wait for the client's next message."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        ...

    async def send_str(self, data: str) -> None:
        """Send a text message."""
        ...


class RSGIWebsocket(Protocol):
    """What accepts or refuses a WebSocket."""

    def accept(self) -> Awaitable[RSGIWebsocketTransport]:
        """Accept the handshake."""
        ...

    def close(self, status: int | None = None) -> object:
        """Refuse the handshake with a status; close, after it."""
        ...


#: What is called by RSGI.
RSGIEntry: TypeAlias = Callable[[RSGIScope, RSGIHTTP | RSGIWebsocket], Awaitable[None]]


class RSGIApplication(Protocol):
    """An RSGI application. ``__rsgi_init__`` and ``__rsgi_del__`` are called besides, where there are any."""

    def __rsgi__(self, scope: RSGIScope, protocol: RSGIHTTP | RSGIWebsocket, /) -> Awaitable[None]: ...


# What is served.

#: What can be served: it is called, by the protocol that was chosen for it.
AnyApplication: TypeAlias = Callable[..., Any]

#: Returns the application, once it is needed.
Loader: TypeAlias = Callable[[], AnyApplication]


class Lifecycle(Protocol):
    """The start and stop of one of our applications, where the protocol says nothing of either."""

    #: Whether the server calls :meth:`announce_stop`.
    told: bool

    def start_sync(self) -> None:
        """Run what is registered to run before serving."""
        ...

    def stop_sync(self) -> None:
        """Run what is registered to run after serving."""
        ...

    #: Whether this process has been told to stop.
    stopping: bool

    def announce_stop(self) -> None:
        """Note that this process is about to stop."""
        ...


class Application(RSGIApplication, Protocol):
    """One of our applications."""

    config: Config
    #: What names of settings begin with that Flask does not have.
    own_prefix: str
    policy: Policy
    #: What says how many threads a part of the application bears, or None.
    thread_bounds: list[Callable[[], int | None]]
    #: Makes the page that shows an error in debug mode.
    debug_page: Callable[[Any, RequestContext, Exception], Any] | None

    @property
    def debug(self) -> bool:
        """Whether debug mode is on."""
        ...

    @debug.setter
    def debug(self, value: bool) -> None: ...

    @property
    def name(self) -> Any:
        """A str: its name, for the banner."""
        ...

    @property
    def has_async(self) -> bool:
        """Whether it has async code, which is served better by ASGI."""
        ...

    @property
    def lifecycle(self) -> Lifecycle:
        """Its start and stop."""
        ...

    def own_setting(self, name: str) -> Any:
        """A setting that Flask does not have, or its default."""
        ...

    @overload
    def __call__(self, environ: dict[str, Any], start_response: StartResponse, /) -> Iterable[bytes]: ...

    @overload
    def __call__(self, scope: Scope, receive: Receive, send: Send, /) -> Awaitable[None]: ...
