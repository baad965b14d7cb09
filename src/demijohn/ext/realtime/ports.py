"""What the parts ask of each other, where naming the class itself would be a circle of imports."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeAlias

from demijohn import Request
from demijohn.extend import EitherWay

__all__ = ["Callback", "Connection", "Extension", "Place", "Rooms", "ServerFace", "Work"]

#: What is called with what a client acknowledges, or with an error.
Callback: TypeAlias = Callable[..., Any]

#: Whom something is for: a room or a client, several, or all.
Rooms: TypeAlias = str | Iterable[str] | None

#: What is left to be done.
Work: TypeAlias = Coroutine[Any, Any, Any]


class Place(Protocol):
    """Where an event stands among all: a number, or what Redis numbers by."""

    def __le__(self, other: Any, /) -> bool: ...

    def __gt__(self, other: Any, /) -> bool: ...


class Connection(Protocol):
    """What clients are connected over: a session of the engine, or a test's."""

    sid: str
    loop: AbstractEventLoop | None
    request: Request
    attached: Any
    pending: Any
    closed: str | None
    running: int

    def send(self, data: str | bytes) -> None:
        """Send a message."""
        ...

    def close(self, reason: str) -> None:
        """End it."""
        ...

    def close_unless_used(self, seconds: float) -> None:
        """End it in so many seconds, if nothing is connected over it then."""
        ...

    def run(self, work: Work) -> None:
        """Have something done for it, soon."""
        ...


class ServerFace(Protocol):
    """A server, as its manager sees it."""

    packet_class: Any
    manager: Any
    reason: Any

    def session(self, eio_sid: str) -> Any:
        """A session by its id."""
        ...

    def end(self, client: Any) -> None:
        """Disconnect a client."""
        ...

    def answered(self, callback: Callable[..., Any], values: list[Any]) -> None:
        """Call what waits for another worker's client."""
        ...


class Extension(Protocol):
    """A ``SocketIO``, as namespaces and entries see it."""

    server: Any

    def tell_of_polling(self) -> None:
        """Say once that there are no WebSockets."""
        ...

    async def handle_event(
        self, handler: Callable[..., Any], message: str | None, namespace: str, sid: str, *args: Any
    ) -> Any:
        """Call a handler in a context of its own."""
        ...

    @property
    def emit(self) -> Callable[..., EitherWay[None]]:
        """Send an event."""
        ...

    @property
    def send(self) -> Callable[..., EitherWay[None]]:
        """Send a message."""
        ...

    @property
    def call(self) -> Callable[..., Any]:
        """Send an event and wait for its acknowledgement."""
        ...

    def close_room(self, room: str, namespace: str | None = None) -> EitherWay[None]:
        """Let everybody out of a room."""
        ...
