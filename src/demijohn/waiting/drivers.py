"""The drivers of steps that need no event loop of their own: :func:`drive` and :func:`drive_async`.

``loops`` is imported with the first awaitable that is met, so that an application without async code never
imports asyncio. This module must not know what a request is.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from demijohn.later import later
from demijohn.waiting.steps import HOP, Steps

if TYPE_CHECKING:
    from demijohn.waiting import loops
else:
    loops = later("demijohn.waiting.loops")  # 9 ms, 13 % of an import of Flask: it brings asyncio

T = TypeVar("T")


def drive(steps: Steps[T]) -> T:
    """Run steps to their end, blocking this thread while they wait."""
    try:
        wanted = steps.send(None)
        while True:
            if wanted is HOP:
                wanted = steps.send(None)
                continue
            try:
                result = loops.wait(wanted)
            except BaseException as e:
                wanted = steps.throw(e)
            else:
                wanted = steps.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def drive_async(steps: Steps[T]) -> T:
    """Run steps that never ask for a hop, awaiting what they yield."""
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
        value: T = stop.value
        return value


def wait(awaitable: Awaitable[T]) -> T:
    """Run an awaitable on the process's loop, blocking this thread; see :func:`loops.wait`."""
    return loops.wait(awaitable)


def as_receiver(func: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """An async function that sync code can call: it waits, or on a loop starts a task."""

    def call(*args: Any, **kwargs: Any) -> Any:
        awaitable = func(*args, **kwargs)
        if running_loop() is None:
            return wait(awaitable)
        return loops.start_task(awaitable)

    return call


def running_loop() -> Any:
    """The :class:`asyncio.AbstractEventLoop` running in this thread, or None."""
    events: Any = sys.modules.get("asyncio.events")  # never imported: no loop runs
    return None if events is None else events._get_running_loop()
