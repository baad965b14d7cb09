"""Work beside the events: tasks with the application's context, and waiting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from threading import Thread
from time import sleep
from typing import Any

from demijohn import Flask
from demijohn.extend import is_async, running_loop

__all__ = ["BackgroundTask", "sleep_here"]

_log = logging.getLogger("demijohn.realtime")


class BackgroundTask:
    """A function that runs beside everything else: ``join()`` waits for it in a thread, ``await`` on a loop."""

    def __init__(
        self, app: Flask | None, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._app = app
        self._target, self._args, self._kwargs = target, args, kwargs
        self._task: asyncio.Task[Any] | None = None
        loop = running_loop()
        self._thread = Thread(
            target=self._run, name=f"demijohn-{getattr(target, '__name__', 'task')}", daemon=True
        )
        if is_async(target) and loop is not None:
            task = self._task = loop.create_task(self._run_async())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        else:
            self._thread.start()

    def _context(self) -> Any:
        return nullcontext() if self._app is None else self._app.app_context()

    def _run(self) -> None:
        try:
            with self._context():
                target = self._target if self._app is None else self._app.ensure_sync(self._target)
                target(*self._args, **self._kwargs)
        except Exception:
            _log.exception("The background task %r raised", self._target)

    async def _run_async(self) -> None:
        try:
            with self._context():
                await self._target(*self._args, **self._kwargs)
        except Exception:
            _log.exception("The background task %r raised", self._target)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, in a thread."""
        if self._task is None:
            self._thread.join(timeout)

    def __await__(self) -> Any:
        if self._task is not None:
            return self._task.__await__()
        return asyncio.to_thread(self._thread.join).__await__()


#: A loop keeps only weak references.
tasks: set[asyncio.Task[Any]] = set()


def sleep_here(seconds: float) -> Any:
    """Keep the thread waiting; on a loop, what is returned is awaited."""
    if running_loop() is not None:
        return asyncio.sleep(seconds)
    sleep(seconds)
    return None
