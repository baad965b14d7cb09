"""The test client for tests that are coroutines themselves: the same requests, with ``await``.

Runs the application on the loop of the test, so what the test awaits and what the application awaits can
meet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

import werkzeug.test
from werkzeug.datastructures import Headers
from werkzeug.test import ClientRedirectError, Cookie, TestResponse
from werkzeug.wrappers import Request

from demijohn.http.status import status_line
from demijohn.sessions import SessionMixin
from demijohn.testing.client import ClientBase
from demijohn.testing.exchange import Exchange
from demijohn.testing.head import Head
from demijohn.testing.sockets import AsyncWebSocket
from demijohn.typing import HeadersValue

__all__ = ["AsyncFlaskClient", "StreamedResponse"]

_REDIRECTS = frozenset((301, 302, 303, 305, 307, 308))


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


class AsyncFlaskClient:
    """:class:`~demijohn.testing.FlaskClient` with ``await``: ``response = await client.get("/")``;
    ``app.async_test_client()`` makes one.

    Bodies are read whole; :meth:`stream` gives one piece by piece.

    :param args: What :class:`werkzeug.test.Client` takes, as ``kwargs`` are: the application first.
    :param protocol: ``wsgi``, ``asgi`` or ``rsgi``.
    :param lifespan: The application is started before the first request, and shut down by :meth:`close` or at
        the end of the ``async with`` block.
    """

    def __init__(self, *args: Any, protocol: str = "asgi", lifespan: bool = False, **kwargs: Any) -> None:
        if lifespan and protocol == "rsgi":
            raise ValueError(
                "RSGI starts an application before its loop runs, which a coroutine cannot: use FlaskClient"
            )
        self._client = ClientBase(*args, protocol=protocol, lifespan=lifespan, **kwargs)
        self._started = False
        #: The application under test, a ``Flask``.
        self.application: Any = self._client.application
        self.protocol = self._client.protocol
        self.lifespan = lifespan
        self.response_wrapper = self._client.response_wrapper

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.application!r}>"

    # What is kept from one request to the next.

    @property
    def environ_base(self) -> dict[str, Any]:
        """Environ entries that every request begins with."""
        return self._client.environ_base

    @environ_base.setter
    def environ_base(self, value: dict[str, Any]) -> None:
        self._client.environ_base = value

    @property
    def allow_subdomain_redirects(self) -> bool:
        """Whether redirects to a sub-domain are followed."""
        return self._client.allow_subdomain_redirects

    @allow_subdomain_redirects.setter
    def allow_subdomain_redirects(self, value: bool) -> None:
        self._client.allow_subdomain_redirects = value

    @property
    def preserve_context(self) -> bool:
        """Whether the context of the last request is kept: it is in an ``async with`` block."""
        return self._client.preserve_context

    @preserve_context.setter
    def preserve_context(self, value: bool) -> None:
        self._client.preserve_context = value

    def get_cookie(self, key: str, domain: str = "localhost", path: str = "/") -> Cookie | None:
        """The cookie of that name, domain and path, or None."""
        return self._client.get_cookie(key, domain, path)

    def set_cookie(
        self, key: str, value: str = "", *, domain: str = "localhost", origin_only: bool = True, path: str = "/",
        **kwargs: Any,
    ) -> None:  # fmt: skip
        """Set a cookie to be sent with later requests; parameters as :meth:`werkzeug.test.Client.set_cookie`."""
        self._client.set_cookie(key, value, domain=domain, origin_only=origin_only, path=path, **kwargs)

    def delete_cookie(self, key: str, *, domain: str = "localhost", path: str = "/") -> None:
        """Delete a cookie if it is set."""
        self._client.delete_cookie(key, domain=domain, path=path)

    @asynccontextmanager
    async def session_transaction(self, *args: Any, **kwargs: Any) -> AsyncIterator[SessionMixin]:
        """Open this client's session and store it back: ``async with client.session_transaction() as
        session:``.

        Parameters and errors as :meth:`~demijohn.testing.FlaskClient.session_transaction`.
        """
        with self._client.session_transaction(*args, **kwargs) as session:
            yield session

    # Making requests.

    async def open(
        self, *args: Any, buffered: bool = True, follow_redirects: bool = False, **kwargs: Any
    ) -> TestResponse:
        """Make a request and return its answer, body read whatever ``buffered`` says.

        Parameters as :meth:`~demijohn.testing.FlaskClient.open`.
        """
        response = await self._send(self._client._prepare(args, kwargs))
        seen: set[tuple[str | None, int]] = set()
        history: list[TestResponse] = []
        while follow_redirects and response.status_code in _REDIRECTS:
            step = (response.location, response.status_code)
            if step in seen:
                raise ClientRedirectError(f"redirect loop: {step[1]} to {step[0]} was answered twice")
            seen.add(step)
            history.append(response)
            following = _Following(self._client, response)
            response = await self.open(following.builder)
        response.history = tuple(history)
        return response

    async def _send(self, request: Request) -> TestResponse:
        client = self._client
        client._leave_contexts()
        await self._start()
        if self.protocol == "wsgi":
            parts = await asyncio.to_thread(client.run_wsgi_app, request.environ, buffered=True)
            response = client._present(*parts, request)
        else:
            exchange, head = await client._send(request.environ)
            chunks = []
            while (chunk := await exchange.chunk()) is not None:
                chunks.append(chunk)
            response = client._present(chunks, status_line(head.status), Headers(head.headers), request)
        client._enter_contexts()
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
        request = self._client._prepare(args, kwargs)
        await self._start()
        exchange, head = await self._client._send(request.environ)
        response = StreamedResponse(head, exchange)
        try:
            yield response
        finally:
            await response.disconnect()

    def websocket(
        self,
        path: str,
        subprotocols: Iterable[str] = (),
        headers: HeadersValue | None = None,
        **kwargs: Any,
    ) -> AsyncWebSocket:
        """Open a WebSocket: ``async with client.websocket("/ws") as ws: await ws.send("hi")``.

        Parameters and errors as :meth:`~demijohn.testing.FlaskClient.websocket`.
        """
        return self._client._web_socket(path, subprotocols, {"headers": headers, **kwargs})

    async def get(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with GET."""
        return await self.open(*args, **kw, method="GET")

    async def post(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with POST."""
        return await self.open(*args, **kw, method="POST")

    async def put(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with PUT."""
        return await self.open(*args, **kw, method="PUT")

    async def delete(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with DELETE."""
        return await self.open(*args, **kw, method="DELETE")

    async def patch(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with PATCH."""
        return await self.open(*args, **kw, method="PATCH")

    async def options(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with OPTIONS."""
        return await self.open(*args, **kw, method="OPTIONS")

    async def head(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with HEAD."""
        return await self.open(*args, **kw, method="HEAD")

    async def trace(self, *args: Any, **kw: Any) -> TestResponse:
        """:meth:`open` with TRACE."""
        return await self.open(*args, **kw, method="TRACE")

    # The life of the application.

    async def _start(self) -> None:
        if self.lifespan and not self._started:
            await self._client._driver.startup()
            self._started = True

    async def close(self) -> None:
        """Shut the application down if this client started it."""
        started, self._started = self._started, False
        if started:
            await self._client._driver.shutdown()

    async def __aenter__(self) -> AsyncFlaskClient:
        self._client._begin_block()
        await self._start()
        self._client.preserve_context = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._client._leave_block()
        finally:
            await self.close()


class _Following(werkzeug.test.Client):
    """The request that a redirect asks for, by Werkzeug's rules, which would send it at once.

    :param client: Whose request was redirected.
    :param response: The redirect.
    """

    builder: werkzeug.test.EnvironBuilder

    def __init__(self, client: werkzeug.test.Client, response: TestResponse) -> None:
        super().__init__(client.application, allow_subdomain_redirects=client.allow_subdomain_redirects)
        self._response = response
        self.resolve_redirect(response)

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Keep the request."""
        self.builder = args[0]
        return self._response
