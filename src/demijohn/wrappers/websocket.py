"""A WebSocket as its handler sees it: a request that stays open (RFC 6455; Quart's names).

This module must not know the protocol of the server: a channel sends for it, and a bounded queue
brings what arrives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from blinker import NamedSignal
from werkzeug.datastructures import Headers

from demijohn.contexts.context import current
from demijohn.signals import sending, websocket_received, websocket_sent
from demijohn.typing import RawHeaders
from demijohn.waiting.drivers import running_loop
from demijohn.later import later
from demijohn.wrappers.request import Request

if TYPE_CHECKING:
    from demijohn.wrappers import disconnected
else:
    disconnected = later("demijohn.wrappers.disconnected")  # 13 % of an import of Flask: asyncio

#: Header fields of a handshake: a dictionary of them, or pairs of name and value.
HandshakeFields: TypeAlias = Mapping[str, str] | Headers | Iterable[tuple[str, str]]

#: Close code for an error in the handler (RFC 6455, section 7.4.1).
INTERNAL_ERROR = 1011


class Channel(Protocol):
    """What a server's protocol does for a WebSocket."""

    async def accept(self, subprotocol: str | None, headers: list[tuple[str, str]]) -> None:
        """Complete the handshake."""

    async def send(self, data: str | bytes) -> None:
        """Send one message."""

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, or refuse the handshake when it is not complete."""


class Websocket(Request):
    """The WebSocket being handled; ``from demijohn import websocket`` is the current one.

    All that a request has and that comes with the handshake is here as well: ``headers``, ``args``,
    ``cookies``, ``path``, ``view_args``.
    """

    channel: Channel
    #: Whether the handshake is complete, and whether the connection has been closed by either side.
    accepted = False
    closed: BaseException | None = None
    #: The task that closes it for a reason that is not the handler's.
    ending: Any = None
    _queue_size = 64
    _closing = False

    def attach(self, channel: Channel, queue_size: int) -> None:
        """Give the socket its connection; called by the adapter."""
        self.channel = channel
        # Not a deque: an empty one takes 0.7 KB of each idle socket, and this holds queue_size messages at most.
        self._queue: list[str | bytes] = []
        self._queue_size = queue_size
        self._arrived: Any = None
        self._room: Any = None
        #: Set by the adapter and awaited at accept: gives header fields to add, such as a changed session's cookie.
        self.accept_headers: Any = None
        #: Awaited before each wait for a message, where the adapter set it.
        self.before_idle: Any = None
        #: Called with each message of either side, where the adapter set it.
        self.noted: Callable[[], None] | None = None

    @property
    def requested_subprotocols(self) -> list[str]:
        """The sub-protocols that the client offers, best first."""
        offered = self.headers.get("Sec-WebSocket-Protocol", "")
        return [name.strip() for name in offered.split(",") if name.strip()]

    async def accept(self, headers: HandshakeFields | None = None, subprotocol: str | None = None) -> None:
        """Complete the handshake; ``receive`` and ``send`` do so when it was not done.

        :param headers: Header fields of the handshake's response.
        :param subprotocol: One of ``requested_subprotocols``.
        :raises ValueError: when the client did not offer the sub-protocol.
        """
        if self.accepted:
            return
        if subprotocol is not None and subprotocol not in self.requested_subprotocols:
            raise ValueError(
                f"The sub-protocol {subprotocol!r} cannot be accepted: the client offers"
                f" {self.requested_subprotocols!r}."
            )
        fields: RawHeaders = []
        if headers is not None:
            pairs: Any = headers
            fields += pairs.items() if hasattr(headers, "items") else pairs
        if self.accept_headers is not None:
            fields += await self.accept_headers()
            self.accept_headers = None
        self.accepted = True
        await self.channel.accept(subprotocol, fields)

    async def receive(self) -> str | bytes:
        """The next message: text as ``str``, binary as ``bytes``.

        :raises CancelledError: when the other side has closed and all its messages were read.
        """
        if not self.accepted:
            await self.accept()
        idle = False
        while not self._queue:
            if self.closed is not None:
                raise self.closed
            if self.before_idle is not None and not idle:
                idle = True
                await self.before_idle()
                continue  # a message may have come meanwhile
            self._arrived = running_loop().create_future()
            try:
                await self._arrived
            finally:
                self._arrived = None
        message = self._queue.pop(0)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if websocket_received.receivers:
            await self._tell(websocket_received, message)
        return message

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The messages, until the connection is closed by either side."""
        while True:
            try:
                message = await self.receive()
            except disconnected.Disconnected:
                return
            yield message

    async def iter_json(self) -> AsyncIterator[Any]:
        """The messages, each read as JSON, until the connection is closed by either side.

        :raises ValueError: for one that is not JSON.
        """
        async for message in self:
            yield self.json_module.loads(message)

    async def receive_json(self) -> Any:
        """The next message, read as JSON by the application's provider.

        :raises ValueError: when it is not JSON.
        """
        return self.json_module.loads(await self.receive())

    async def send(self, data: str | bytes) -> None:
        """Send a message, text or binary by its type; waits while the other side reads slowly.

        :raises CancelledError: when the connection is closed, or the other side reads too slowly.
        :raises TypeError: for anything but text and bytes.
        """
        if not isinstance(data, (str, bytes)):
            if not isinstance(data, (bytearray, memoryview)):
                raise TypeError(
                    f"A WebSocket message is str or bytes, not {type(data).__name__}; use send_json for data."
                )
            data = bytes(data)
        if not self.accepted:
            await self.accept()
        if self.closed is not None:
            raise self.closed
        await self.channel.send(data)
        if self.noted is not None:
            self.noted()
        if websocket_sent.receivers:
            await self._tell(websocket_sent, data)

    async def _tell(self, signal: NamedSignal, data: str | bytes) -> None:
        for step in sending(signal, current.get().app, data=data):
            await step

    async def send_json(self, *args: Any, **kwargs: Any) -> None:
        """Send JSON text; arguments as :func:`demijohn.jsonify`."""
        await self.send(self.json_module.dumps(_json_object(args, kwargs)))

    async def close(  # type: ignore[override]
        self, code: int = 1000, reason: str = ""
    ) -> None:
        """Close the connection, or refuse the handshake.

        :param code: 1000 to 1003, 1007 to 1014, 3000 to 4999 (RFC 6455, section 7.4).
        :param reason: At most 123 bytes of UTF-8.
        :raises ValueError: for a code or reason that must not be sent.
        """
        if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            raise ValueError(f"The WebSocket close code {code} must not be sent: use 1000, or 3000 to 4999.")
        if len(reason.encode()) > 123:
            raise ValueError("The reason of a WebSocket close is at most 123 bytes of UTF-8.")
        if self._closing:
            return
        self._closing = True
        await self.channel.close(code, reason)
        if self.closed is None:
            self.disconnect(disconnected.Disconnected(code, reason))

    # The adapter's side.

    def give_up(self, code: int, reason: str = "") -> None:
        """Close for a reason that is not the handler's, which is told like of a close by the other side."""
        if not self._closing:
            self.disconnect(disconnected.Disconnected(code, reason))
            self.ending = running_loop().create_task(self.channel.close(code, reason))

    async def deliver(self, message: str | bytes) -> None:
        """Put an arrived message in the queue; waits while it is full (back-pressure)."""
        while len(self._queue) >= self._queue_size:
            self._room = running_loop().create_future()
            await self._room
        self._queue.append(message)
        if self.noted is not None:
            self.noted()
        self._wake()

    def disconnect(self, error: BaseException) -> None:
        """Note that the other side has gone; ``error`` is raised by what needs it."""
        self.closed = error
        self._closing = True
        self._wake()

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    @property
    def unread(self) -> int:
        """Messages that have arrived and were not received yet."""
        return len(self._queue)


def _json_object(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if args and kwargs:
        raise TypeError("send_json takes either positional or keyword arguments, not both.")
    if kwargs or not args:
        return kwargs or None
    return args[0] if len(args) == 1 else list(args)
