"""WSGI middleware under an async server: the request takes the whole chain around ``wsgi_app``.

Used only where something was put around it. The chain runs in the thread pool; its async views run on the
server's loop while that thread waits.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from io import BufferedReader
from typing import Any

from demijohn.adapters.environ import LazyEnviron
from demijohn.adapters.exchange import Exchange
from demijohn.adapters.parts import InThread
from demijohn.adapters.ports import Application
from demijohn.typing import RawHeaders
from demijohn.wrappers.body import StreamedBody


async def serve_wrapped(app: Application, environ: LazyEnviron, exchange: Exchange) -> None:
    """Answer a request by the WSGI middleware put around ``wsgi_app``."""
    chain = Chain(app, app, environ, exchange)
    await chain.begin()
    await exchange.parts(chain.code, chain.fields, chain)


class Chain:
    """What a WSGI application answers: status and header fields from ``start_response``, and the parts of the body.

    :param app: The application whose threads it runs in.
    :param called: What is called: the same with all its middleware, or one that is mounted in it.
    """

    def __init__(
        self, app: Application, called: Callable[..., Any], environ: LazyEnviron, exchange: Exchange
    ) -> None:
        # Buffered, and so a plain stream, which the request holds to its limits and its length.
        environ["wsgi.input"] = BufferedReader(StreamedBody(exchange.chunk, None))
        environ.give_up_scope()  # the chain may change fields
        self._app = app
        self._called = called
        self._environ = environ
        self._written: list[bytes] = []
        self.code = 0
        self.fields: RawHeaders = []

    def _start_response(self, status: str, headers: RawHeaders, exc_info: Any = None, /) -> Any:
        self.code, self.fields = int(status[:3]), list(headers)
        return self._written.append

    async def begin(self) -> None:
        """Run the chain in a thread, up to the first part of its body."""
        pool = self._app.lifecycle.pool(get_running_loop())
        body = await pool.run(
            copy_context(), lambda _: self._called(self._environ, self._start_response), None
        )
        self._parts = InThread(body, pool)
        try:
            # PEP 3333: start_response may be called as late as before the first part.
            first = await anext(self._parts, b"")
        except BaseException:
            await self.aclose()
            raise
        self._written.append(first)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._written:
            yield part
        async for part in self._parts:
            yield part

    async def aclose(self) -> None:
        """Close the body."""
        await self._parts.aclose()
