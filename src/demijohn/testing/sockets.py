"""WebSocket conversations of the test client, apart from the protocol they go through.

:class:`SocketExchange` holds one conversation inside an event loop; :class:`AsyncWebSocket` and
:class:`WebSocket` are its two faces, for ``await`` and for plain calls. Knows nothing of ASGI or RSGI messages.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeAlias

from werkzeug.test import TestResponse

from demijohn.testing.call import GRACE, Call
from demijohn.testing.head import Fields
from demijohn.testing.loop import LoopThread

__all__ = [
    "Accepted",
    "AsyncWebSocket",
    "Closed",
    "NO_STATUS",
    "Refused",
    "SocketExchange",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketRejected",
]

#: Close code of a peer that gave none (RFC 6455, section 7.4.1).
NO_STATUS = 1005


class WebSocketDisconnect(Exception):
    """The application closed the conversation with ``code`` and ``reason`` (or the test already had)."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the WebSocket is closed with code {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason


class WebSocketRejected(Exception):
    """The application refused the handshake; ``response`` is the HTTP answer a client would have seen."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__(f"the WebSocket handshake was refused with status {response.status}")
        self.response = response


@dataclass(slots=True)
class Accepted:
    """Event: the handshake was accepted."""

    subprotocol: str | None = None
    headers: Fields = field(default_factory=list)


@dataclass(slots=True)
class Refused:
    """Event: the handshake was refused with an HTTP answer."""

    status: int = 403
    headers: Fields = field(default_factory=list)
    body: bytes = b""


@dataclass(slots=True)
class Closed:
    """Event: the application closed the conversation."""

    code: int
    reason: str = ""


class SocketExchange(Call):
    """One conversation. Subclasses run the application and turn its messages into events."""

    ahead = 32

    def __init__(self) -> None:
        super().__init__()
        #: What the client sent: messages, and its close last.
        self.incoming: asyncio.Queue[str | bytes | Closed] = asyncio.Queue()
        self.closed: Closed | None = None

    async def offer(self, message: str | bytes) -> None:
        """Hand a message to the client, waiting while it is too far behind; nothing once it is closed."""
        await self.window.enter()
        if self.closed is None:
            self.events.put_nowait(message)

    async def handshake(self) -> Accepted | Refused:
        """Wait for the application's decision. Raises what it raised; ending without one is a refusal."""
        event = await self.events.get()
        if isinstance(event, Accepted):
            return event
        await self._finish()
        if isinstance(event, Refused):
            return event
        return Refused(500)

    async def send(self, message: str | bytes) -> None:
        """Send a message to the application.

        :raises WebSocketDisconnect: Once the conversation is closed.
        """
        if self.closed is not None:
            raise WebSocketDisconnect(self.closed.code, self.closed.reason)
        await self.incoming.put(message)

    async def receive(self) -> str | bytes:
        """Wait for a message. Raises what the application raised.

        :raises WebSocketDisconnect: At the close.
        """
        if self.closed is not None:
            raise WebSocketDisconnect(self.closed.code, self.closed.reason)
        event = await self.events.get()
        if isinstance(event, str | bytes):
            self.window.leave()
            return event
        self._end(event if isinstance(event, Closed) else Closed(1000))
        await self._finish()
        assert self.closed is not None
        raise WebSocketDisconnect(self.closed.code, self.closed.reason)

    async def close(self, code: int, reason: str) -> None:
        """Close from the client's side, then wait for the application to end. Raises what it raised.

        :raises TimeoutError: If it is still running after :data:`GRACE` seconds.
        """
        if self.closed is None:
            self._end(Closed(code, reason))
        await self._finish()

    def _end(self, closed: Closed) -> None:
        """Note the close, and let go a send that waits for room."""
        self.closed = closed
        self.incoming.put_nowait(closed)
        self.window.lift()

    async def _finish(self) -> None:
        await self.finish(f"the WebSocket handler still ran {GRACE:g} seconds after the close", GRACE)


#: Makes the handshake.
Connector: TypeAlias = Callable[[], Coroutine[Any, Any, tuple[SocketExchange, Accepted]]]


class AsyncWebSocket:
    """A conversation for ``async with``: entering makes the handshake, leaving closes with code 1000.

    Made by ``AsyncFlaskClient.websocket``.
    """

    def __init__(
        self,
        connect: Connector,
        dumps: Callable[[object], str] = json.dumps,
        loads: Callable[[str | bytes], Any] = json.loads,
    ) -> None:
        self._connect = connect
        self._dumps = dumps
        self._loads = loads
        self._open: SocketExchange | None = None
        self.subprotocol: str | None = None
        self.headers: Fields = []

    @property
    def _exchange(self) -> SocketExchange:
        if self._open is None:
            raise RuntimeError(
                "the WebSocket is not connected: use it inside 'with client.websocket(...) as ws:'"
            )
        return self._open

    @property
    def close_code(self) -> int | None:
        """The code the conversation was closed with, by either side; None while it is open."""
        closed = self._exchange.closed
        return None if closed is None else closed.code

    async def connect(self) -> AsyncWebSocket:
        """Make the handshake.

        :raises WebSocketRejected: If the application refuses it.
        """
        self._open, accepted = await self._connect()
        self.subprotocol, self.headers = accepted.subprotocol, accepted.headers
        return self

    async def send(self, message: str | bytes) -> None:
        """Send text or bytes.

        :raises WebSocketDisconnect: Once closed.
        """
        await self._exchange.send(message)

    async def receive(self, timeout: float | None = 10) -> str | bytes:  # noqa: ASYNC109
        """The next message.

        :param timeout: Seconds to wait; None waits for ever.
        :raises TimeoutError: When they are over.
        """
        return await asyncio.wait_for(self._exchange.receive(), timeout)

    async def send_json(self, value: object) -> None:
        """Send a value as JSON text, made by the application's provider."""
        await self.send(self._dumps(value))

    async def receive_json(self, timeout: float | None = 10) -> Any:  # noqa: ASYNC109
        """The next message, read as JSON."""
        return self._loads(await self.receive(timeout))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close from the client's side and wait until the handler ended. Raises what the handler raised."""
        await self._exchange.close(code, reason)

    async def __aenter__(self) -> AsyncWebSocket:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._exchange.closed is None:
            await self.close()


class WebSocket:
    """A conversation for plain ``with``, on the client's own loop. Made by ``FlaskClient.websocket``."""

    def __init__(self, inner: AsyncWebSocket, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    @property
    def subprotocol(self) -> str | None:
        """The sub-protocol the application chose."""
        return self._inner.subprotocol

    @property
    def headers(self) -> Fields:
        """The headers the application sent with its acceptance."""
        return self._inner.headers

    @property
    def close_code(self) -> int | None:
        """The code the conversation was closed with, by either side; None while it is open."""
        return self._inner.close_code

    def connect(self) -> WebSocket:
        """Make the handshake.

        :raises WebSocketRejected: If the application refuses it.
        """
        self._loop.run(self._inner.connect(), timeout=30)
        return self

    def send(self, message: str | bytes) -> None:
        """Send text or bytes.

        :raises WebSocketDisconnect: Once closed.
        """
        self._loop.run(self._inner.send(message))

    def receive(self, timeout: float | None = 10) -> str | bytes:
        """The next message.

        :param timeout: Seconds to wait; None waits for ever.
        :raises TimeoutError: When they are over.
        """
        return self._loop.run(self._inner.receive(timeout))

    def send_json(self, value: object) -> None:
        """Send a value as JSON text, made by the application's provider."""
        self._loop.run(self._inner.send_json(value))

    def receive_json(self, timeout: float | None = 10) -> Any:
        """The next message, read as JSON."""
        return self._loop.run(self._inner.receive_json(timeout))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close from the client's side and wait until the handler ended. Raises what the handler raised."""
        self._loop.run(self._inner.close(code, reason))

    def __enter__(self) -> WebSocket:
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inner.close_code is None:
            self.close()
