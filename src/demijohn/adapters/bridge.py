"""WSGI middleware under an async server: the request takes the whole chain around ``wsgi_app``.

Used only when an application's ``wsgi_app`` was replaced. The chain runs in the thread pool; its
async views run on the server's loop while that thread waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextvars import copy_context
from io import BufferedReader
from typing import Any

from demijohn.adapters import rsgi
from demijohn.adapters.asgi import InThread, body_source, stream
from demijohn.wrappers.body import StreamedBody


class Answer:
    """What the chain answers: status and header fields from ``start_response``, and the parts of the body."""

    def __init__(self, app: Any, environ: Any, source: Any) -> None:
        # Buffered, and so a plain stream, which the request holds to its limits and its length.
        environ["wsgi.input"] = BufferedReader(StreamedBody(source, None))
        environ.fill()
        environ.make_headers = None  # the chain may change fields: they are read from the environ then
        self._app = app
        self._environ = environ
        self._written: list[bytes] = []
        self.code = 0
        self.headers: list[tuple[str, str]] = []

    def _start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        self.code, self.headers = int(status[:3]), list(headers)
        return self._written.append

    async def begin(self) -> None:
        """Run the chain in a thread, up to the first part of its body."""
        pool = self._app.lifecycle.pool(asyncio.get_running_loop())
        body = await pool.run(
            copy_context(), lambda _: self._app._chain(self._environ, self._start_response), None
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


async def serve(app: Any, environ: Any, *ends: Any) -> None:
    """Answer a request by the chain.

    :param ends: ``receive`` and ``send`` under ASGI, the protocol under RSGI.
    """
    await (_serve_rsgi if len(ends) == 1 else _serve_asgi)(app, environ, *ends)


async def _serve_asgi(app: Any, environ: Any, receive: Any, send: Any) -> None:
    answer = Answer(app, environ, body_source(receive))
    await answer.begin()
    await stream(receive, send, answer.code, answer.headers, answer)


async def _serve_rsgi(app: Any, environ: Any, protocol: Any) -> None:
    answer = Answer(app, environ, rsgi.body_source(protocol))
    await answer.begin()
    await rsgi.stream(protocol, answer.code, answer.headers, answer)
