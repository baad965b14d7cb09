"""One request in flight inside an event loop, whatever the protocol it goes through.

Subclasses speak ASGI or RSGI to the application. Knows nothing of Werkzeug, cookies or threads.
"""

from __future__ import annotations

import asyncio

from demijohn.testing.call import GRACE, Call, Mark
from demijohn.testing.head import Head

__all__ = ["Exchange", "NoResponse"]


class NoResponse(RuntimeError):
    """The application returned before its response was complete; a server would answer 500 or cut the
    connection.
    """


class Exchange(Call):
    """The life of one request: ``launch``, ``head``, ``chunk`` until it returns None, or ``disconnect`` at any
    point.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gone = asyncio.Event()
        #: The application sent its last byte; nothing that is still unread will be waited for.
        self.complete = False
        #: The client read to the end, or left.
        self.over = False

    async def offer(self, chunk: bytes) -> None:
        """Hand a streamed chunk to the client, waiting while it is too far behind; nothing once it left."""
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
        """Wait for status and headers.

        :raises NoResponse: If the application returned without; what it raised, if it did.
        """
        event = await self.events.get()
        if isinstance(event, Head):
            return event
        await self.finish()
        raise NoResponse("the application returned without sending a response")

    async def chunk(self) -> bytes | None:
        """Wait for the next piece of the body; None is the end. Raises what the application raised meanwhile."""
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
        """The task ended while the body was open: an error, unless the protocol ends bodies that way."""
        raise NoResponse("the application returned before the end of its response body")

    async def disconnect(self) -> None:
        """Go away as a client does, then wait for the application to notice. Raises what it raises then.

        :raises TimeoutError: If it is still running after :data:`GRACE` seconds.
        """
        self.over = True
        self.gone.set()
        self.window.lift()
        await self.finish(f"the application still ran {GRACE:g} seconds after the client disconnected", GRACE)
