"""A limit that decorates a view, a blueprint or any function, or stands around a block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import unwrap
from typing import Any, Protocol, TypeVar

from demijohn import Blueprint
from demijohn.ext.ratelimit.constants import ExemptionScope
from demijohn.ext.ratelimit.limit import Limit
from demijohn.extend import is_async

T = TypeVar("T")

#: On a function that limits stand around: those limits. Decorators that are written on it hand it on.
AROUND = "__ratelimit_around__"

#: On what :func:`around_function` made: itself, since decorators hand it on, and the limits it counts.
_DIRECTLY = "__ratelimit_directly__"


class Counter(Protocol):
    """A limiter, as far as what is written on views goes."""

    #: Functions that a limit was written on, with what stands around each.
    marked: dict[Any, tuple[RouteLimit, ...]]
    blueprint_limits: dict[Blueprint, list[RouteLimit]]
    exemptions: dict[Any, ExemptionScope]

    def check(self, counted: Iterable[Limit]) -> None:
        """Count the current request, in sync code."""
        ...

    async def acheck(self, counted: Iterable[Limit]) -> None:
        """Count the current request, in async code."""
        ...


class RouteLimit:
    """What ``limiter.limit(...)`` returns: a decorator, and a context manager that counts when it is entered.

    :param limit_provider: The limit, or what :class:`Limit` takes first; ``options`` are what that takes besides.
    :param limiter: Whose counts.
    :param override_defaults: Whether a view with it is not held to the default limits.
    """

    def __init__(
        self, limit_provider: str | Callable[[], str] | Limit, *, limiter: Counter,
        override_defaults: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        self.limiter = limiter
        self.limit = limit_provider if isinstance(limit_provider, Limit) else Limit(limit_provider, **options)
        self.override_defaults = override_defaults

    def __call__(self, obj: T) -> T:
        """Hold a function to the limit, or every route of a blueprint and of those in it."""
        if not callable(obj):
            blueprint: Any = obj
            self.limiter.blueprint_limits.setdefault(blueprint, []).append(self)
            return obj
        if unwrap(obj) in self.limiter.exemptions:
            return obj
        around = (*getattr(obj, AROUND, ()), self)
        self.limiter.marked[unwrap(obj)] = around
        # Limits that stand on each other are counted together, so that none is counted where another refuses.
        own = directly(obj, self.limiter)
        inside = getattr(obj, "__wrapped__", obj)
        limited: T = around_function(inside if own else obj, (*own, self))
        setattr(limited, AROUND, around)
        setattr(limited, _DIRECTLY, (limited, (*own, self)))
        return limited

    def __enter__(self) -> RouteLimit:
        self.limiter.check([self.limit])
        return self

    def __exit__(self, *error: object) -> None:
        return None

    async def __aenter__(self) -> RouteLimit:
        await self.limiter.acheck([self.limit])
        return self

    async def __aexit__(self, *error: object) -> None:
        return None


def around_function(function: Any, around: tuple[RouteLimit, ...]) -> Any:
    """A function that counts before it calls another, of the same kind as that."""
    limiter = around[0].limiter
    counted = [route.limit for route in around]
    if is_async(function):

        @wraps(function)
        async def limited_async(*args: Any, **kwargs: Any) -> Any:
            await limiter.acheck(counted)
            return await function(*args, **kwargs)

        limited: Any = limited_async
    else:

        @wraps(function)
        def limited_sync(*args: Any, **kwargs: Any) -> Any:
            limiter.check(counted)
            return function(*args, **kwargs)

        limited = limited_sync
    return limited


def directly(function: Any, limiter: Counter) -> tuple[RouteLimit, ...]:
    """The limits that a function counts, where it does nothing but that."""
    itself, counted = getattr(function, _DIRECTLY, (None, ()))
    same = itself is function and all(route.limiter is limiter for route in counted)
    return counted if same else ()
