"""Work in steps: a generator that yields each awaitable it meets and is sent the result.

So the work is written once, and a driver decides where it runs and how it waits: ``drivers.drive`` blocks a
thread, ``drivers.drive_async`` awaits, and the two of ``loops`` share it between an event loop and a pool of
threads. This module must not know what is worked on, nor drivers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")

Steps = Generator[Any, Any, T]

#: Yielded by work that is about to call blocking code: off the loop, if on it.
HOP: Any = object()


def is_awaitable(value: object) -> bool:
    """Whether a value has to be awaited. Hot code has this line in place of a call (0.06 us)."""
    return hasattr(value.__class__, "__await__")


def method(name: str) -> Callable[..., Steps[Any]]:
    """The step that calls an object's own method of this name, and awaits what it returned if it has to.

    :param name: The method. The step takes the object, the context and the method's arguments.
    """

    def step(owner: Any, _: Any, *values: Any, **named: Any) -> Steps[Any]:
        returned = getattr(owner, name)(*values, **named)
        return (yield returned) if is_awaitable(returned) else returned

    return step
