"""One session: what waits to be sent, the heartbeat, and the end, once.

All of it happens on the session's loop. This module must not know a transport's wire.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any, Protocol

from demijohn import Request

__all__ = ["CLOSE", "MESSAGE", "NOOP", "OPEN", "PING", "PONG", "Session", "UPGRADE"]

#: The types of Engine.IO packets, as they are on the wire.
OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0", "1", "2", "3", "4", "5", "6"


#: A loop keeps only weak references.
_tasks: set[asyncio.Task[None]] = set()


class Options(Protocol):
    """What a session asks of its engine."""

    ping_interval: float
    ping_timeout: float
    max_http_buffer_size: int
    max_queue: int
    max_queue_size: int
    connect_timeout: float
    logger: logging.Logger
    reason: Any

    def forget(self, session: Session) -> None:
        """It is over."""
        ...

    def receive(self, session: Session, packet: str | bytes) -> None:
        """Take a packet."""
        ...


class Session:
    """A client's session, over whatever transport.

    :param engine: Whose session it is.
    :param sid: What it is known by.
    :param request: The request that opened it.
    :param transport: ``"polling"`` or ``"websocket"``.
    """

    __slots__ = (
        "_calm", "_leaving", "_size", "_timer", "_waiter", "attached", "closed", "engine", "loop", "opened", "pending",
        "polling", "request", "running", "sid", "socket", "transport", "upgrading", "waiting",
    )  # fmt: skip

    def __init__(self, engine: Options, sid: str, request: Request, transport: str) -> None:
        self.engine = engine
        self.sid = sid
        self.request = request
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.opened = self.loop.time()
        #: What waits to be sent: packets, text with their type before it, binary ones as they are.
        self.waiting: deque[str | bytes] = deque()
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        #: Why it is over; None while it is not.
        self.closed: str | None = None
        #: Whether a poll waits, and whether a WebSocket is about to take over.
        self.polling = self.upgrading = False
        #: What the layer above keeps with it, and the packet of which attachments are still to come.
        self.attached: Any = None
        self.pending: Any = None
        #: Handlers that run for it, and what is set when one is over.
        self.running = 0
        self._calm: asyncio.Event | None = None
        #: What closes the WebSocket at once, where there is one.
        self.socket: Any = None
        self._timer = self.loop.call_later(engine.ping_interval, self._ping)
        self._leaving: asyncio.TimerHandle | None = None

    # What goes out.

    def send(self, data: str | bytes) -> None:
        """Send a message, in its turn; a client that reads too slowly for it is cut off."""
        if self.closed is not None:
            return
        engine = self.engine
        self._size += len(data)
        self.waiting.append(MESSAGE + data if isinstance(data, str) else data)
        if len(self.waiting) > engine.max_queue or self._size > engine.max_queue_size:
            engine.logger.warning(
                "Socket.IO: the client %s reads too slowly: %d packets (%d bytes) wait; it is closed (max_queue)",
                self.sid, len(self.waiting), self._size,
            )  # fmt: skip
            self.waiting.clear()
            self.close(engine.reason.TRANSPORT_ERROR)
            if self.socket is not None:
                self.socket.abort()
            return
        if self._waiter is not None:
            self.wake()

    def put(self, packet: str) -> None:
        """Send a packet of the protocol's own."""
        self.waiting.append(packet)
        self.wake()

    def take(self) -> str | bytes:
        """The next packet."""
        packet = self.waiting.popleft()
        self._size = self._size - len(packet) if self.waiting else 0
        return packet

    def take_all(self) -> list[str | bytes]:
        """All packets that wait."""
        packets = list(self.waiting)
        self.waiting.clear()
        self._size = 0
        return packets

    def wake(self) -> None:
        """Let whoever waits for packets look again."""
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Wait until there is something to send, or nothing any more."""
        if not self.waiting and self.closed is None:
            self._waiter = self.loop.create_future()
            await self._waiter

    # What is done for it.

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Have something done for it, beside everything else; what it raises is logged."""
        self.running += 1
        task = self.loop.create_task(self._guarded(work))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception:
            self.engine.logger.exception("A Socket.IO handler raised")
        finally:
            self.running -= 1
            if self._calm is not None:
                self._calm.set()

    async def calm(self) -> None:
        """Wait until one of the handlers is over."""
        self._calm = asyncio.Event()
        await self._calm.wait()
        self._calm = None

    # The heartbeat.

    def _ping(self) -> None:
        engine = self.engine
        if not self.attached and self.loop.time() - self.opened > engine.connect_timeout:
            self.close(engine.reason.TRANSPORT_CLOSE)
            return
        self._timer = self.loop.call_later(engine.ping_timeout, self._miss)
        self.put(PING)

    def _miss(self) -> None:
        self.close(self.engine.reason.PING_TIMEOUT)

    def pong(self) -> None:
        """Note that the client lives."""
        self._timer.cancel()
        if self.closed is None:
            self._timer = self.loop.call_later(self.engine.ping_interval, self._ping)

    # The end.

    def close_unless_used(self, seconds: float) -> None:
        """End it in so many seconds, if nothing is connected over it then."""
        if self.closed is None and self._leaving is None:
            self._leaving = self.loop.call_later(seconds, self._leave)

    def _leave(self) -> None:
        self._leaving = None
        if not self.attached:
            self.close(self.engine.reason.SERVER_DISCONNECT)

    def close(self, reason: str) -> None:
        """End it. What waits is still sent where the transport can; a poll that waits is answered."""
        if self.closed is not None:
            return
        self.closed = reason
        self._timer.cancel()
        if self._leaving is not None:
            self._leaving.cancel()
        self.pending = None
        self.engine.forget(self)
        if self.polling and not self.waiting:
            self.waiting.append(CLOSE if reason == self.engine.reason.SERVER_DISCONNECT else NOOP)
        self.wake()
