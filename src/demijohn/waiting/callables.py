"""What can be called: whether it returns an awaitable, whether it may block, and calling it either way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeVar

from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.waiting import loops
else:
    loops = later("demijohn.waiting.loops")  # 9 ms, 13 % of an import of Flask: it brings asyncio

__all__ = ["call", "is_async", "may_await", "may_block", "nonblocking"]

F = TypeVar("F", bound=Callable[..., Any])

#: An object that claims an attribute of any name wraps itself for ever.
_MOST_WRAPPERS = 100


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


def may_await(f: object) -> bool:
    """Whether what calling ``f`` returns may have to be awaited: it is async, or wraps what is.

    A decorator's sync wrapper may hand on what an async view returns, whose code then runs on the loop; it may
    wait for it just as well, so this does not say where the wrapper itself may run.
    """
    seen = 0
    while not is_async(f):
        inner = f.func if isinstance(f, partial) else getattr(f, "__wrapped__", None)
        if inner is None or (seen := seen + 1) > _MOST_WRAPPERS:
            return False
        f = inner
    return True


def nonblocking(function: F) -> F:
    """Say of a sync hook that it never keeps its thread waiting, so that it may run on an event loop.

    It is a promise that nobody checks, like ``blocking=False`` of a route.
    """
    marked: Any = function
    marked.blocking = False
    return function


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
        result = await loops.in_thread(function, *args)
    return await result if hasattr(result.__class__, "__await__") else result
