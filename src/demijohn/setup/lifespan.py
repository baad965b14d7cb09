"""The server's side of ASGI's lifespan protocol.

Granian has its own; it goes on "without lifespan support" when a start-up hook raises, and leaves
shut-down undone when a drain is cut short. Neither may happen to hooks that open and close a
database, so this one reports every failure and can always be told to shut down.

Standard: https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Any

from demijohn.typing import ASGIApplication, Message

#: Types of what stands for an answer where there was none: the application raised, with what under ``cause``,
#: or it ended, which is the protocol's way to say that lifespan is not supported.
RAISED, ENDED = "raised", "ended"


class StartupFailed(Exception):
    """A start-up hook raised; the text is the reason. ``__cause__`` is the exception, where known."""


class Lifespan:
    """Runs an application's start-up and shut-down on the loop that serves it.

    :param app: The ASGI application.
    :param context: What its hooks run in; a copy of the caller's by default.
    """

    def __init__(self, app: ASGIApplication, context: Context | None = None) -> None:
        self.app = app
        #: What the application keeps for its requests, as the protocol has it.
        self.state: dict[str, Any] = {}
        #: The application at it, once it was told to start up.
        self.task: asyncio.Task[None] | None = None
        #: Whether the application has taken an event, and so knows lifespan.
        self._heard = False
        self._context = context
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answer: asyncio.Future[Message] | None = None

    async def startup(self) -> None:
        """Run the start-up hooks.

        :raises StartupFailed: When one of them failed.
        """
        self._started(await self.ask("startup"))

    async def startup_if_known(self) -> bool:
        """Run the start-up hooks of an application that may have no lifespan; whether it has one.

        Those that have none raise on the scope, before they ask for an event. What is raised later is a failure.

        :raises StartupFailed: When a hook failed.
        """
        answer = await self.ask("startup")
        if answer["type"] == RAISED and not self._heard:
            return False
        self._started(answer)
        return bool(answer["type"] != ENDED)

    def _started(self, answer: Message) -> None:
        if answer["type"] == "lifespan.startup.failed":
            raise StartupFailed(answer.get("message") or "a start-up hook failed")
        if answer["type"] == RAISED:
            raise StartupFailed(describe(answer["cause"])) from answer["cause"]

    async def shutdown(self) -> str | None:
        """Run the shut-down hooks; the message of the one that failed, or None."""
        if self.task is None or self.task.done():
            return None
        loop = self.task.get_loop()
        if loop is not asyncio.get_running_loop():
            if not loop.is_running():
                return None  # it ended with what it ran on
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.shutdown(), loop))
        answer = await self.ask("shutdown")
        await asyncio.wait([self.task], timeout=1)
        if answer["type"] == "lifespan.shutdown.failed":
            return str(answer.get("message") or "a shut-down hook failed")
        return describe(answer["cause"]) if answer["type"] == RAISED else None

    async def ask(self, name: str) -> Message:
        """Send an event and wait for the answer, or for what stands for one.

        :param name: ``startup`` or ``shutdown``.
        """
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        if self.task is None:
            self.task = loop.create_task(self._run(), context=self._context)
            self.task.add_done_callback(lambda _: self._settle({"type": ENDED}))
        await self._inbox.put({"type": f"lifespan.{name}"})
        return await self._answer

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self._receive, self._send)
        except Exception as error:
            self._settle({"type": RAISED, "cause": error})

    async def _receive(self) -> Message:
        message = await self._inbox.get()
        self._heard = True
        return message

    async def _send(self, message: Message) -> None:
        self._settle(message)

    def _settle(self, message: Message) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(message)


def describe(error: BaseException) -> str:
    """One line that says what was raised."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
