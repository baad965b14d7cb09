"""What can be called: whether it returns an awaitable, whether it may block, and calling it either way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

__all__ = ["call", "is_async", "may_block"]


def is_async(f: Any) -> bool:
    """Whether calling ``f`` is known to return an awaitable: the one answer for views, hooks, loaders, tasks.

    Partials are looked into, and objects with an async ``__call__``; a function may say so of itself by an
    attribute ``is_async`` that is True, no other value. What a sync wrapper returns shows when it is called.
    """
    while isinstance(f, partial):
        f = f.func
    if iscoroutinefunction(f) or getattr(f, "is_async", None) is True:
        return True
    return not hasattr(f, "__code__") and iscoroutinefunction(getattr(type(f), "__call__", None))  # noqa: B004


def may_block(f: Any, unless_said: bool = True) -> bool:
    """Whether a sync function may keep its thread waiting, so that it must not run on an event loop.

    :param unless_said: What counts where the function does not say of itself ``blocking = False`` (or True).
    """
    said = getattr(f, "blocking", None)
    return said if isinstance(said, bool) else unless_said


async def call(function: Callable[..., Any], *args: Any, blocking: bool = True) -> Any:
    """Call a function from async code: one that is async is awaited, one that may block runs in a thread.

    The thread sees the context variables of here: the current application, request and session.

    :param blocking: Whether it may block, where the function does not say so itself (``function.blocking``).
    """
    if is_async(function) or not may_block(function, blocking):
        result = function(*args)
    else:
        # Imported here because a loop runs here: sync applications never import asyncio (9 ms).
        import asyncio

        result = await asyncio.to_thread(function, *args)
    return await result if hasattr(result.__class__, "__await__") else result
