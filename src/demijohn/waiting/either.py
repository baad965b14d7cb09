"""What a plain call returns that has begun, and that async code may await and need not.

    publish("wine", 12)                 # in any code: it is on its way, and keeps its place in the order
    await publish("wine", 12)           # in async code, to know that it has arrived

This module must not know what was begun.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar, cast

__all__ = ["EitherWay"]

T = TypeVar("T")


class EitherWay(Generic[T]):
    """The result of a call that has begun: to be awaited, or let be.

    :param value: What it came to, if it is over.
    :param future: What will come to it: not a coroutine, which would do nothing until it is awaited.
    """

    __slots__ = ("_future", "_value")

    def __init__(self, value: T | None = None, future: Awaitable[T] | None = None) -> None:
        self._value = value
        self._future = future

    def __await__(self) -> Generator[Any, None, T]:
        if self._future is None:
            return cast(T, self._value)
        return (yield from self._future.__await__())
