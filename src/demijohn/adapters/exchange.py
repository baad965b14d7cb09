"""What a protocol of async servers can do for one request: ASGI and RSGI implement it, all else uses it once.

A test double is a third implementation. This module must not know a protocol, nor what an application does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol

from demijohn.adapters.environ import LazyEnviron
from demijohn.adapters.ports import Application
from demijohn.setup.mounting import Mount
from demijohn.typing import RawHeaders


class Parts(Protocol):
    """A body in parts, which is closed when nobody wants more of it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The parts."""
        ...

    async def aclose(self) -> None:
        """Let go of what makes them."""
        ...


class Exchange(Protocol):
    """What a protocol does for one request and its answer."""

    async def chunk(self) -> bytes:
        """The next piece of the request's body; ``b""`` at its end.

        :raises ClientDisconnected: when it ends before it is complete.
        """
        ...

    async def whole(self, code: int, fields: RawHeaders, body: bytes) -> None:
        """Send an answer in one piece."""
        ...

    async def parts(self, code: int, fields: RawHeaders, parts: Parts) -> None:
        """Send an answer in parts, waiting for a slow reader, until the end or until the client has gone."""
        ...

    async def hand_on(self, app: Application, mount: Mount, environ: LazyEnviron) -> None:
        """Hand the request, of which nothing was read, to an application that is mounted in ``app``.

        :param mount: Its :class:`~demijohn.setup.mounting.Mount`.
        :param environ: The request's, with what trusted proxies said.
        """
        ...


async def until_gone(sending: Awaitable[None], gone: Awaitable[Any]) -> None:
    """Wait for ``sending``, or for ``gone``; what is left of the two is cancelled."""
    # A task each, so that a generator that waits for what never comes ends when its client goes.
    tasks = asyncio.ensure_future(sending), asyncio.ensure_future(gone)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()  # an error on the way must not look like the end
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
