"""The request pipeline as steps, and the driver that needs no event loop.

The pipeline (see ``dispatch``) is a generator: it yields whatever awaitable it meets and is sent
the result. A driver decides where it runs and how it waits: :func:`drive` blocks a thread; the
two that run on a loop are in ``waiting``, which is imported when the first awaitable is met, so that
an application without async code never imports asyncio (9 ms). This module must not know what a
request is.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Generator
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")

Steps = Generator[Any, Any, T]

#: Yielded by a pipeline that is about to call blocking code: off the loop, if on it.
HOP: Any = object()


def drive(steps: Steps[T]) -> T:
    """Run a pipeline to its end, blocking this thread while it waits."""
    try:
        wanted = steps.send(None)
        while True:
            if wanted is HOP:
                wanted = steps.send(None)
                continue
            try:
                result = wait(wanted)
            except BaseException as e:
                wanted = steps.throw(e)
            else:
                wanted = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


async def drive_async(steps: Steps[T]) -> T:
    """Run a pipeline that never asks for a hop, awaiting what it yields."""
    try:
        wanted = steps.send(None)
        while True:
            try:
                result = await wanted
            except BaseException as e:
                wanted = steps.throw(e)
            else:
                wanted = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def wait(awaitable: Awaitable[T]) -> T:
    """Run an awaitable on the process's loop, blocking this thread; see :func:`waiting.wait`."""
    return _waiting().wait(awaitable)  # type: ignore[no-any-return]


@cache
def _waiting() -> Any:
    return import_module("demijohn.waiting.loops")


def as_receiver(func: Callable[..., Any]) -> Callable[..., Any]:
    """An async function that sync code can call: it waits, or on a loop starts a task."""

    def call(*args: Any, **kwargs: Any) -> Any:
        awaitable = func(*args, **kwargs)
        if running_loop() is None:
            return wait(awaitable)
        return _waiting().start_task(awaitable)

    return call


def running_loop() -> Any:
    """The event loop running in this thread, or None."""
    events = sys.modules.get("asyncio.events")  # never imported: no loop runs
    return None if events is None else events._get_running_loop()
