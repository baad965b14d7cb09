"""The application at work for one connection, whatever protocol it is called by.

It runs as a task and what it does becomes events, which a client takes at its own pace. Knows neither
requests nor WebSockets, which :mod:`demijohn.testing.exchange` and :mod:`demijohn.testing.sockets` are.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable
from enum import Enum

__all__ = ["Call", "GRACE", "Mark", "Window"]

#: Seconds that an application gets to end after its client went away; past it the task is cancelled and the
#: test fails.
GRACE = 10.0


class Mark(Enum):
    """Events without content: the answer is complete; the application's task is over."""

    END = "end"
    DONE = "done"


class Window:
    """How far a sender may run ahead of its reader.

    :param size: How many items may be unread.
    """

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


class Call:
    """One call of the application. Subclasses turn what it sends into :attr:`events`."""

    #: Items that the application may be ahead of the client before its send waits, as a full socket makes it.
    ahead = 1

    def __init__(self) -> None:
        self.events: asyncio.Queue[object] = asyncio.Queue()
        self.window = Window(self.ahead)
        self._task: asyncio.Task[None] | None = None
        self._interrupt: BaseException | None = None

    def launch(self, work: Awaitable[object]) -> None:
        """Start the application in a task of its own, in an empty context as under a server."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._guarded(work), context=contextvars.Context())
        self._task.add_done_callback(lambda _: self.events.put_nowait(Mark.DONE))

    async def _guarded(self, work: Awaitable[object]) -> None:
        try:
            await work
        except (KeyboardInterrupt, SystemExit) as error:
            self._interrupt = error  # raised where the client waits; out of a task it would end the loop

    async def finish(self, late: str = "", patience: float | None = None) -> None:
        """Wait for the application to end, and raise what it raised.

        :param late: What to say of it when it does not end.
        :param patience: Seconds to wait; None waits for ever.
        :raises TimeoutError: If it is still running then.
        """
        if self._task is None:
            return
        done, _ = await asyncio.wait((self._task,), timeout=patience)
        if not done:
            self._task.cancel()
            raise TimeoutError(late)
        if not self._task.cancelled():
            self._task.result()
        if self._interrupt is not None:
            raise self._interrupt
