"""A sync body for an event loop: its parts are made in the thread pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextvars import copy_context
from typing import Any

from demijohn.waiting.pool import ThreadPool
from demijohn.wrappers.response import Response

_END: Any = object()


class InThread:
    """A sync body for a loop: each part is made in the thread pool, in the request's context.

    :param response: Whose body it is, if it is one of ours: it knows the context its view ran in.
        Of a file many parts are taken with each hop: they are there, nobody waits for the next one.
    """

    def __init__(self, body: Any, pool: ThreadPool, response: Response | None = None) -> None:
        self._body = body
        self._advance = _take if response is not None and response.direct_passthrough else _next
        self._iterator = iter(body)
        self._pool = pool
        self._context = copy_context() if response is None else response.body_context
        self._busy: asyncio.Future[Any] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        step: asyncio.Future[Any] = self._pool.parts.run(self._context, self._advance, self._iterator)
        self._busy = step
        part: bytes = await asyncio.shield(step)
        self._busy = None
        if part is _END:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        """Close the body, after the step that may still be running in a thread."""
        if self._busy is not None:
            await asyncio.wait((self._busy,))
            self._busy = None
        close = getattr(self._body, "close", None)
        if close is not None:
            await self._pool.steps.run(self._context, lambda _: close(), None)


def _next(iterator: Any) -> Any:
    return next(iterator, _END)


def _take(iterator: Any) -> Any:
    """About 256 KB of parts as one."""
    parts: list[bytes] = []
    size = 0
    for part in iterator:
        parts.append(part)
        size += len(part)
        if size >= 256 * 1024:
            break
    return b"".join(parts) or _END
