"""Streamed bodies that tell of an error in one of their parts, for which no page can be shown any more.

This module must not know who is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

#: Is told of an error.
Tell = Callable[[Exception], object]


def watch_stream(response: Any, tell: Tell) -> None:
    """Have ``tell`` called with an error of a response's streamed body, if it has one."""
    if response.direct_passthrough or isinstance(response.response, (list, tuple)):
        return
    body = response.response
    response.response = AsyncParts(body, tell) if hasattr(body, "__aiter__") else Parts(body, tell)


class Parts:
    """A sync body, part by part."""

    def __init__(self, body: Any, tell: Tell) -> None:
        self._body, self._tell = body, tell
        self._parts: Iterator[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        except StopIteration:
            raise
        except Exception as e:
            self._tell(e)
            raise

    def close(self) -> None:
        """Close the body, begun or not."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class AsyncParts:
    """An async body, likewise."""

    def __init__(self, body: Any, tell: Tell) -> None:
        self._body, self._tell = body, tell
        self._parts: Any = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            parts = self._parts
            if parts is None:
                parts = self._parts = self._body.__aiter__()
            return await anext(parts)
        except StopAsyncIteration:
            raise
        except Exception as e:
            self._tell(e)
            raise

    async def aclose(self) -> None:
        """Close the body, begun or not."""
        for one in (self._parts, self._body):
            close = getattr(one, "aclose", None)
            if close is not None:
                await close()
