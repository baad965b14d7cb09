"""One request in flight inside an event loop, whatever the interface it goes through.

The application runs as a task and its answer becomes events; a client takes them at its own pace. Subclasses
speak ASGI or RSGI to the application. Knows nothing of Werkzeug, cookies or threads.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

GRACE = 10.0
"""Seconds an application gets to end after its client went away; past it the task is cancelled and the test
fails.
"""


@dataclass(slots=True)
class Head:
    """Status and headers of an answer."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)


class Mark(Enum):
    """Events without content: the answer is complete; the application's task is over."""

    END = "end"
    DONE = "done"


class Window:
    """How far a sender may run ahead of its reader: `enter` waits while `size` items are unread."""

    def __init__(self, size: int) -> None:
        self._room = asyncio.Semaphore(size)
        self._lifted = False

    async def enter(self) -> None:
        """Wait for room."""
        await self._room.acquire()
        if self._lifted:
            self._room.release()

    def leave(self) -> None:
        """One item was read."""
        self._room.release()

    def lift(self) -> None:
        """Nobody reads any more: let every sender through, now and later."""
        self._lifted = True
        self._room.release()


class NoResponse(RuntimeError):
    """The application returned before its response was complete; a server would answer 500 or cut the
    connection.
    """


class Exchange:
    """The life of one request: `launch`, `head`, `chunk` until it returns `None`, or `disconnect` at any
    point.
    """

    ahead = 1
    """Streamed chunks the application may be ahead of the client before its send waits (back-pressure)."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.window = Window(self.ahead)
        self._task: asyncio.Task[None] | None = None
        self._interrupt: BaseException | None = None
        self.complete = False
        """The application sent its last byte; nothing that is still unread will be waited for."""
        self.over = False
        """The client read to the end, or left."""

    def launch(self, call: Coroutine[Any, Any, Any]) -> None:
        """Start the application in a task of its own, in an empty context as under a server."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._guarded(call), context=contextvars.Context())
        self._task.add_done_callback(lambda _: self.events.put_nowait(Mark.DONE))

    async def _guarded(self, call: Coroutine[Any, Any, Any]) -> None:
        try:
            await call
        except (KeyboardInterrupt, SystemExit) as error:
            self._interrupt = error  # raised where the client waits; out of a task it would end the loop

    def _raise_failure(self) -> None:
        if self._task is not None and not self._task.cancelled():
            self._task.result()
        if self._interrupt is not None:
            raise self._interrupt

    async def offer(self, chunk: bytes) -> None:
        """Hand a streamed chunk to the client, waiting while it is `ahead` chunks behind; nothing once it
        left.
        """
        await self.window.enter()
        if self.gone.is_set():
            # A sender that never waits would keep the loop from telling it that the client left.
            await asyncio.sleep(0)
        else:
            self.events.put_nowait(chunk)

    def end(self, data: bytes) -> None:
        """Take the last piece of the body."""
        self.complete = True
        if data:
            self.events.put_nowait(data)
        self.events.put_nowait(Mark.END)

    async def head(self) -> Head:
        """Wait for status and headers. Raises what the application raised, or `NoResponse`."""
        event = await self.events.get()
        if isinstance(event, Head):
            return event
        await self.finish()
        raise NoResponse("the application returned without sending a response")

    async def chunk(self) -> bytes | None:
        """Wait for the next piece of the body; `None` is the end. Raises what the application raised
        meanwhile.
        """
        if self.over:
            return None
        event = await self.events.get()
        if isinstance(event, bytes):
            self.window.leave()
            return event
        self.over = True
        await self.finish()
        if event is Mark.DONE:
            self.ended_early()
        return None

    def ended_early(self) -> None:
        """The task ended while the body was open: an error, unless the interface ends bodies that way."""
        raise NoResponse("the application returned before the end of its response body")

    async def finish(self) -> None:
        """Wait for the application's task and raise what it raised."""
        if self._task is not None:
            await asyncio.wait((self._task,))
            self._raise_failure()

    async def disconnect(self) -> None:
        """Go away as a client does, then wait for the application to notice.

        Raises what it raises then, and `TimeoutError` if it is still running after `GRACE` seconds.
        """
        self.over = True
        self.gone.set()
        self.window.lift()
        if self._task is None:
            return
        done, _ = await asyncio.wait((self._task,), timeout=GRACE)
        if not done:
            self._task.cancel()
            raise TimeoutError(f"the application still ran {GRACE:g} seconds after the client disconnected")
        self._raise_failure()
