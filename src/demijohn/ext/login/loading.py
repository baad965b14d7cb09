"""Calling a loader: from a thread, which waits for one that is async; from a coroutine, in a thread if it is not.

This module must not know what is loaded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from inspect import iscoroutinefunction, unwrap
from typing import Any

from demijohn import current_app

__all__ = ["call_async", "call_here", "is_async"]


def call_here(loader: Callable[[Any], Any], argument: Any) -> Any:
    """Call a loader from sync code, waiting for one that is async."""
    user = loader(argument)
    if not isinstance(user, Awaitable):
        return user
    found = current_app.async_to_sync(lambda: user)()
    if found is user:
        getattr(user, "close", lambda: None)()
        raise RuntimeError(
            f"current_user was asked for on the event loop, before the async loader {loader!r} had"
            " run. Async views have it run ahead; elsewhere, first: await login_manager.load_user()."
        )
    return found


async def call_async(loader: Callable[[Any], Any], argument: Any) -> Any:
    """Call a loader from async code, a sync one in a thread."""
    if is_async(loader) or not current_app.blocking:
        user = loader(argument)
    else:
        # Imported here because a loop runs here: sync applications never import asyncio.
        user = await import_module("asyncio").to_thread(loader, argument)
    return await user if isinstance(user, Awaitable) else user


def is_async(function: Any) -> bool:
    """Whether a view or a loader is async, below its decorators."""
    while isinstance(function, partial):
        function = function.func
    inner = unwrap(function)
    return (
        iscoroutinefunction(inner)
        or iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004 (an object's own)
        or bool(getattr(function, "is_async", False))
    )
