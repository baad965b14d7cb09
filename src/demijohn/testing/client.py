"""The test client: Werkzeug's, knowing the application, its contexts and its session, by any of the three
protocols.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from demijohn.testing.base import ClientBase, status_line
from demijohn.testing.exchange import Exchange
from demijohn.testing.head import Head
from demijohn.testing.loop import LoopThread
from demijohn.testing.sockets import WebSocket
from demijohn.typing import HeadersValue

__all__ = ["FlaskClient"]


class FlaskClient(ClientBase):
    """A browser's stand-in for plain tests: ``app.test_client()`` makes one.

    Everything of Werkzeug's client, and: requests default to the application's host and root; ``with
    client:`` keeps the last request's context until the block ends; :meth:`session_transaction`;
    :meth:`websocket`.

    Streamed answers arrive as the application sends them: iterate ``response.response``; ``response.close()``
    before the end is a client that disconnects.

    :param protocol: The entry point that requests really go through: ``wsgi``, ``asgi`` or ``rsgi``. The latter
        two own an event loop on a thread, which lives as long as the client.
    :param lifespan: The application is started before the first request, and shut down by :meth:`close` or at
        the end of the ``with`` block.
    """

    #: Seconds to wait for an answer on ASGI and RSGI before ``TimeoutError``; None waits for ever.
    timeout: float | None = 60.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._thread: LoopThread | None = None

    def open(
        self, *args: Any, buffered: bool = False, follow_redirects: bool = False, **kwargs: Any
    ) -> TestResponse:
        """Make a request and return its answer.

        Raises what the application raises when it propagates exceptions (``TESTING``).

        :param args: A path and what :class:`~demijohn.testing.EnvironBuilder` takes, as ``kwargs`` are; or one
            builder, environ or request.
        :param buffered: Read the whole body now.
        :param follow_redirects: Go on until an answer is no redirect.
        """
        request = self._prepare(args, kwargs)
        self._context_stack.close()
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json
        if not isinstance(response.response, _Body):
            self._enter_contexts()  # a streamed answer still needs them; its end does this
        return response

    def run_wsgi_app(
        self, environ: dict[str, Any], buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        """Send an environ by the protocol of this client; body, status and headers of the answer."""
        if self.protocol == "wsgi":
            if self.lifespan:
                self._start()
            return super().run_wsgi_app(environ, buffered)
        loop = self._start()
        exchange, head, chunks = loop.run(self._begin(environ), self.timeout)
        body: Iterable[bytes] = chunks
        if not exchange.over:
            body = _Body(loop, exchange, chunks, self.timeout, self._enter_contexts)
            if buffered:
                body = list(body)
        return body, status_line(head.status), Headers(head.headers)

    async def _begin(self, environ: dict[str, Any]) -> tuple[Exchange, Head, list[bytes]]:
        """Launch the request; head and first chunk, or all chunks if all are here."""
        exchange, head = await self._send(environ)
        chunks: list[bytes] = []
        while not exchange.over and (exchange.complete or not chunks):
            chunk = await exchange.chunk()
            chunks += [] if chunk is None else [chunk]
        return exchange, head, chunks

    def websocket(
        self,
        path: str,
        subprotocols: Iterable[str] = (),
        headers: HeadersValue | None = None,
        **kwargs: Any,
    ) -> WebSocket:
        """Open a WebSocket: ``with client.websocket("/ws") as ws: ws.send("hi"); ws.receive()``.

        Entering raises :class:`~demijohn.testing.WebSocketRejected` if the application refuses.

        :param subprotocols: Offered in this order.
        :param headers: Those of the request, as ``kwargs`` are its other parts.
        :raises RuntimeError: On a WSGI client.
        """
        inner = self._web_socket(path, subprotocols, {"headers": headers, **kwargs})
        return WebSocket(inner, self._start())

    def _start(self) -> LoopThread:
        """The client's loop, started (and the application with it) if it was not."""
        if self._thread is None:
            setup, cleanup = self._driver.loop_hooks() if self.lifespan else (None, None)
            thread = LoopThread(setup, cleanup)
            if self.lifespan:
                _or_stop(thread, lambda: thread.run(self._driver.startup(), self.timeout))
            self._thread = thread
            self._finalizer = weakref.finalize(self, thread.stop)
        return self._thread

    def close(self) -> None:
        """Shut the application down if this client started it, and end its loop; a request starts anew."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._finalizer.detach()
        try:
            if self.lifespan:
                thread.run(self._driver.shutdown(), self.timeout)
        finally:
            thread.stop()

    def __enter__(self) -> FlaskClient:
        self._refuse_nesting()
        if self.lifespan:
            self._start()
        self.preserve_context = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave_block()
        if self.lifespan:
            self.close()


def _or_stop(thread: LoopThread, step: Callable[[], None]) -> None:
    try:
        step()
    except BaseException:
        thread.stop()
        raise


class _Body:
    """A streamed body read from plain code: each step runs on the client's loop until the next chunk is
    there.
    """

    def __init__(
        self,
        loop: LoopThread,
        exchange: Exchange,
        chunks: list[bytes],
        timeout: float | None,
        at_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._exchange = exchange
        self._chunks = chunks
        self._timeout = timeout
        self._at_end = at_end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._chunks:
            return self._chunks.pop(0)
        chunk = None
        if not self._exchange.over:
            chunk = self._loop.run(self._exchange.chunk(), self._timeout)
            if chunk is None:
                self._at_end()
        if chunk is None:
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Disconnect, unless the body was read to its end."""
        if not self._exchange.over:
            self._loop.run(self._exchange.disconnect())
            self._at_end()
