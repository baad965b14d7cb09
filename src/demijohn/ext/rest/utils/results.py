"""What is done with the result of a function, now or, where it is awaited, then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import isawaitable
from typing import Any, TypeVar, cast

from demijohn.extend import is_async

__all__ = ["changing", "then"]

F = TypeVar("F", bound=Callable[..., Any])


def then(result: object, change: Callable[[Any], Any]) -> Any:
    """The changed result; of an awaitable, one that gives it."""
    return _later(result, change) if isawaitable(result) else change(result)


async def _later(result: Awaitable[Any], change: Callable[[Any], Any]) -> Any:
    return change(await result)


def changing(function: F, change: Callable[[Any], Any]) -> F:
    """A function of the same kind, sync or async, whose result is changed."""
    if is_async(function):

        @wraps(function)
        async def awaiting(*args: Any, **kwargs: Any) -> Any:
            return change(await function(*args, **kwargs))

        return cast(F, awaiting)

    @wraps(function)
    def calling(*args: Any, **kwargs: Any) -> Any:
        return then(function(*args, **kwargs), change)

    return cast(F, calling)
