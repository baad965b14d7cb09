"""The test client for tests that are coroutines themselves: the same requests, with `await`.

Runs the application on the loop of the test, so what the test awaits and what the application awaits can
meet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import ClientRedirectError, TestResponse, run_wsgi_app
from werkzeug.wrappers import Request

from .client import ClientBase
from .exchange import Exchange, Head
from .sockets import AsyncWebSocket

REDIRECTS = frozenset((301, 302, 303, 305, 307, 308))


class StreamedResponse:
    """An answer whose body is still arriving: ``async for chunk in response``."""

    def __init__(self, head: Head, exchange: Exchange) -> None:
        self.status_code = head.status
        self.headers = Headers(head.headers)
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._exchange.chunk()) is not None:
            yield chunk

    async def disconnect(self) -> None:
        """Go away before the end, and wait until the application noticed. Raises what it raised."""
        if not self._exchange.over:
            await self._exchange.disconnect()


class AsyncFlaskClient(ClientBase):
    """`FlaskClient` with `await`: ``response = await client.get("/")``; ``app.async_test_client()`` makes
    one.

    Bodies are read whole; `stream` gives one piece by piece. `protocol` is ``"asgi"`` unless said otherwise.
    """

    def __init__(self, *args: Any, protocol: str = "asgi", lifespan: bool = False, **kwargs: Any) -> None:
        if lifespan and protocol == "rsgi":
            raise ValueError(
                "RSGI starts an application before its loop runs, which a coroutine cannot: use FlaskClient"
            )
        super().__init__(*args, protocol=protocol, lifespan=lifespan, **kwargs)
        self._started = False

    async def open(  # type: ignore[override]
        self, *args: Any, buffered: bool = True, follow_redirects: bool = False, **kwargs: Any
    ) -> TestResponse:
        """Make a request and return its answer, body read; the arguments are those of `FlaskClient.open`."""
        response = await self._send(self._prepare(args, kwargs))
        seen: set[tuple[str | None, int]] = set()
        history: list[TestResponse] = []
        while follow_redirects and response.status_code in REDIRECTS:
            step = (response.location, response.status_code)
            if step in seen:
                raise ClientRedirectError(f"redirect loop: {step[1]} to {step[0]} was answered twice")
            seen.add(step)
            history.append(response)
            # Werkzeug's resolve_redirect hands the next request to self.open, which here gives a coroutine.
            response = await self.resolve_redirect(response)  # type: ignore[misc]
        response.history = tuple(history)
        return response

    async def _send(self, request: Request) -> TestResponse:
        self._context_stack.close()
        await self._start()
        environ = request.environ
        self._add_cookies_to_wsgi(environ)
        if self.protocol == "wsgi":
            call = asyncio.to_thread(run_wsgi_app, self.application, environ, buffered=True)
            body, status, headers = await call
            self._take_cookies(environ, headers)
            response = self.response_wrapper(body, status, headers, request=request)
            response.json_module = self.application.json
        else:
            exchange = self._driver.exchange(environ)
            head = await exchange.head()
            chunks = []
            while (chunk := await exchange.chunk()) is not None:
                chunks.append(chunk)
            self._take_cookies(environ, head.headers)
            response = self._present(head, chunks, request)
        self._enter_contexts()
        return response

    @asynccontextmanager
    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[StreamedResponse]:
        """Make a request and give its answer as it arrives; leaving the block early disconnects.

        ::

            async with client.stream("/events") as response:
                async for chunk in response: ...
        """
        if self.protocol == "wsgi":
            raise RuntimeError("the async client streams over ASGI or RSGI; for WSGI use FlaskClient")
        request = self._prepare(args, kwargs)
        await self._start()
        self._add_cookies_to_wsgi(request.environ)
        exchange = self._driver.exchange(request.environ)
        head = await exchange.head()
        self._take_cookies(request.environ, head.headers)
        response = StreamedResponse(head, exchange)
        try:
            yield response
        finally:
            await response.disconnect()

    def websocket(
        self, path: str, subprotocols: Iterable[str] = (), headers: Any = None, **kwargs: Any
    ) -> AsyncWebSocket:
        """Open a WebSocket: ``async with client.websocket("/ws") as ws: await ws.send("hi")``."""
        return self._web_socket(path, subprotocols, {"headers": headers, **kwargs})

    @asynccontextmanager
    async def session_transaction(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Open this client's session and store it back: ``async with client.session_transaction() as
        session:``.
        """
        with super().session_transaction(*args, **kwargs) as session:
            yield session

    async def get(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with GET."""
        return await self.open(*args, **kw, method="GET")

    async def post(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with POST."""
        return await self.open(*args, **kw, method="POST")

    async def put(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with PUT."""
        return await self.open(*args, **kw, method="PUT")

    async def delete(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with DELETE."""
        return await self.open(*args, **kw, method="DELETE")

    async def patch(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with PATCH."""
        return await self.open(*args, **kw, method="PATCH")

    async def options(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with OPTIONS."""
        return await self.open(*args, **kw, method="OPTIONS")

    async def head(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with HEAD."""
        return await self.open(*args, **kw, method="HEAD")

    async def trace(self, *args: Any, **kw: Any) -> TestResponse:  # type: ignore[override]
        """`open` with TRACE."""
        return await self.open(*args, **kw, method="TRACE")

    async def _start(self) -> None:
        if self.lifespan and not self._started:
            await self._driver.startup()
            self._started = True

    async def close(self) -> None:
        """Shut the application down if this client started it."""
        started, self._started = self._started, False
        if started:
            await self._driver.shutdown()

    async def __aenter__(self) -> AsyncFlaskClient:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations: this client's with block is already open.")
        await self._start()
        self.preserve_context = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.preserve_context = False
        self._context_stack.close()
        await self.close()
