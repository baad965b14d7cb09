"""Loaders of either kind: whether one may have to be awaited, and calling it from code that cannot await.

This module must not know what is loaded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from demijohn import current_app
from demijohn.extend import is_async

__all__ = ["call_here", "may_await"]


def call_here(loader: Callable[[Any], Any], argument: object) -> Any:
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


def may_await(function: object) -> bool:
    """Whether what a view or a loader returns may have to be awaited: it is async, or wraps what is.

    A decorator's sync wrapper may hand on what an async view returns, whose code then runs on the loop.
    """
    while not is_async(function):
        inner = function.func if isinstance(function, partial) else getattr(function, "__wrapped__", None)
        if inner is None:
            return False
        function = inner
    return True
