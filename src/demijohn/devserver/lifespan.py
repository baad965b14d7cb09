"""The server's side of ASGI's lifespan protocol.

Granian has its own; it goes on "without lifespan support" when a start-up hook raises, and leaves
shut-down undone when a drain is cut short. Neither may happen to hooks that open and close a
database, so this one reports every failure and can always be told to shut down.

Standard: https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from typing import Any

from demijohn.devserver.ports import ASGIApplication, Message


class StartupFailed(Exception):
    """A start-up hook raised; the text is the reason. ``__cause__`` is the exception, where known."""


class Lifespan:
    """Runs an application's start-up and shut-down on the loop that serves it.

    :param app: The ASGI application.
    """

    def __init__(self, app: ASGIApplication) -> None:
        self.app = app
        #: What the application keeps for its requests, as the protocol has it.
        self.state: dict[str, Any] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[Message] | None = None
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Run the start-up hooks.

        :raises StartupFailed: When one of them failed.
        """
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("lifespan.startup")
        if answer["type"] == "lifespan.startup.failed":
            raise StartupFailed(answer.get("message") or "a start-up hook failed") from answer.get("cause")

    async def shutdown(self) -> str | None:
        """Run the shut-down hooks; the message of the one that failed, or None."""
        if self._task is None or self._task.done():
            return None
        answer = await self._ask("lifespan.shutdown")
        await asyncio.wait([self._task], timeout=1)
        if answer["type"] == "lifespan.shutdown.failed":
            return str(answer.get("message") or "a shut-down hook failed")
        return None

    async def _ask(self, kind: str) -> Message:
        self._answer = asyncio.get_running_loop().create_future()
        await self._inbox.put({"type": kind})
        return await self._answer

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self._inbox.get, self._send)
        except Exception as error:
            self._settle({"type": "lifespan.startup.failed", "message": describe(error), "cause": error})
        else:
            # Left without an answer: the protocol's way to say that lifespan is not supported.
            self._settle({"type": "lifespan.complete"})

    async def _send(self, message: Message) -> None:
        self._settle(message)

    def _settle(self, message: Message) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(message)


def describe(error: BaseException) -> str:
    """One line that says what was raised."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
