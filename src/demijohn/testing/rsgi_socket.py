"""A WebSocket conversation through RSGI, with what Granian 2.8.7 was measured to lose.

No sub-protocol can be chosen, and whatever code the application closes with the client sees none (1005).
"""

from __future__ import annotations

from dataclasses import dataclass

from demijohn.testing.ports import Application
from demijohn.testing.rsgi import ProtocolClosed, ProtocolError, RSGIScope
from demijohn.testing.sockets import NO_STATUS, Accepted, Closed, Refused, SocketExchange
from demijohn.testing.wire import WireRequest

__all__ = ["CloseMessage", "DataMessage", "RSGISocket", "RSGIWebsocketProtocol", "RSGIWebsocketTransport"]


class RSGISocket(SocketExchange):
    """One conversation; the application gets an :class:`RSGIWebsocketProtocol`."""

    def __init__(self, app: Application, request: WireRequest) -> None:
        super().__init__()
        self.launch(self._serve(app, RSGIScope(request, "ws"), RSGIWebsocketProtocol(self)))

    async def _serve(self, app: Application, scope: RSGIScope, protocol: RSGIWebsocketProtocol) -> None:
        """Run the application; returning without a decision refuses, returning later closes."""
        await app.__rsgi__(scope, protocol)
        if not protocol.over:
            protocol.close(None)


class RSGIWebsocketProtocol:
    """What an application accepts or refuses a WebSocket through."""

    def __init__(self, exchange: RSGISocket) -> None:
        self._exchange = exchange
        self._accepted = False
        self.over = False

    async def accept(self) -> RSGIWebsocketTransport:
        """Accept the handshake."""
        if self._accepted or self.over:
            raise ProtocolError("RSGI protocol error")
        self._accepted = True
        self._exchange.events.put_nowait(Accepted())
        return RSGIWebsocketTransport(self._exchange, self)

    def close(self, status: int | None = None) -> None:
        """Refuse with an HTTP status (403) before the handshake; close, without a code, after it."""
        if self.over:
            return
        self.over = True
        self._exchange.events.put_nowait(Closed(NO_STATUS) if self._accepted else Refused(status or 403))


@dataclass(slots=True)
class CloseMessage:
    """The client closed."""

    kind: int = 0


@dataclass(slots=True)
class DataMessage:
    """A message of the client: kind 1 holds bytes, kind 2 text."""

    kind: int
    data: str | bytes


class RSGIWebsocketTransport:
    """What an application talks through once it accepted."""

    def __init__(self, exchange: RSGISocket, protocol: RSGIWebsocketProtocol) -> None:
        self._exchange = exchange
        self._protocol = protocol

    async def receive(self) -> CloseMessage | DataMessage:
        """Wait for the next message of the client."""
        if self._protocol.over:
            return CloseMessage()
        message = await self._exchange.incoming.get()
        if isinstance(message, Closed):
            self._exchange.incoming.put_nowait(message)
            return CloseMessage()
        return DataMessage(2 if isinstance(message, str) else 1, message)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message.

        :raises ProtocolClosed: Once the client is gone.
        """
        await self._send(bytes(data))

    async def send_str(self, data: str) -> None:
        """Send a text message.

        :raises ProtocolClosed: Once the client is gone.
        """
        await self._send(data)

    async def _send(self, data: str | bytes) -> None:
        if self._protocol.over:
            raise ProtocolError("RSGI protocol error")
        if self._exchange.closed is not None:
            raise ProtocolClosed("RSGI transport is closed")
        await self._exchange.offer(data)
