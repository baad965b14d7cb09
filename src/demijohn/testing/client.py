"""The test client: Werkzeug's, knowing the application, its contexts and its session, on any of the three
interfaces.

Knows how a request is prepared and an answer presented; the driving of ASGI and RSGI is `drive`'s.
"""

from __future__ import annotations

import functools
import importlib.metadata
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from io import BytesIO
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import werkzeug.test
from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_current_url

from demijohn.sessions import SessionMixin

from .builder import EnvironBuilder
from .drive import Driver, check_protocol
from .exchange import Exchange, Head
from .loop import LoopThread
from .sockets import Accepted, AsyncWebSocket, SocketExchange, WebSocket, WebSocketRejected
from .wire import HEADERS_KEY

PRESERVE_KEY = "werkzeug.debug.preserve_context"


@functools.cache
def _user_agent() -> str:
    return "Werkzeug/" + importlib.metadata.version("werkzeug")


class ClientBase(werkzeug.test.Client):
    """What the plain and the async client share: making requests, cookies, sessions, kept contexts."""

    application: Any
    """The application under test, a `Flask`."""

    def __init__(self, *args: Any, protocol: str = "wsgi", lifespan: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.protocol = check_protocol(self.application, protocol)
        self.lifespan = lifespan
        self.preserve_context = False
        self.environ_base: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": _user_agent()}
        self._new_contexts: list[AbstractContextManager[Any]] = []
        self._context_stack = ExitStack()
        self._driver = Driver(self.application, self.protocol)

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the session this client's cookies hold, and store it back when the block ends.

        ::

            with client.session_transaction() as session:
                session["user"] = 42

        The arguments are those of ``app.test_request_context``, for sessions that depend on the request.
        Raises `TypeError` if the client keeps no cookies, `RuntimeError` if the application opens no session.
        """
        if self._cookies is None:
            raise TypeError(
                "Cookies are disabled. Make this client with use_cookies=True: a session needs them."
            )
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        request = context.request
        self._add_cookies_to_wsgi(request.environ)
        store = app.session_interface
        with context:
            session = store.open_session(app, request)
        if session is None:
            raise RuntimeError(
                "Session backend did not open a session: the application's session interface gave none."
            )
        yield session
        if store.is_null_session(session):
            return
        answer = app.response_class()
        with context:
            store.save_session(app, session, answer)
        host = request.host.partition(":")[0]
        self._update_cookies_from_response(host, request.path, answer.headers.getlist("Set-Cookie"))

    def _copy_environ(self, other: dict[str, Any]) -> dict[str, Any]:
        """Return `other` over this client's defaults, with the hook that keeps contexts in a block."""
        environ = {**self.environ_base, **other}
        if self.preserve_context:
            environ[PRESERVE_KEY] = self._new_contexts.append
        return environ

    def _prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        """Return the request for whatever `open` was given: a builder, an environ, a request, or parts of
        one.
        """
        given = args[0] if args else None
        if isinstance(given, Request):
            ready = copy(given)
            ready.environ = self._copy_environ(given.environ)
            return ready
        if isinstance(given, werkzeug.test.EnvironBuilder):
            builder = copy(given)
            builder.environ_base = self._copy_environ(dict(builder.environ_base or {}))
            return self._built(builder)
        if isinstance(given, dict):
            base = self._copy_environ({})
            return EnvironBuilder.from_environ(given, app=self.application, environ_base=base).get_request()
        return self._request_from_builder_args(args, kwargs)

    def _request_from_builder_args(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        kwargs["environ_base"] = self._copy_environ(kwargs.get("environ_base", {}))
        builder = EnvironBuilder(self.application, *args, **kwargs)
        try:
            return self._built(builder)
        finally:
            builder.close()

    def _built(self, builder: werkzeug.test.EnvironBuilder) -> Request:
        request = builder.get_request()
        body = request.environ["wsgi.input"]
        if builder.input_stream is None and not isinstance(body, BytesIO):
            # A large form is encoded into a temporary file that nobody else closes.
            weakref.finalize(request, body.close)
        listed = builder.headers.to_wsgi_list()
        if self.protocol != "wsgi":
            # An environ joins repeated headers and takes "_" in names for "-"; a wire does not.
            own = {"content-type", "content-length", "host"}
            request.environ[HEADERS_KEY] = [(n, v) for n, v in listed if n.lower() not in own]
        return request

    def _enter_contexts(self) -> None:
        """Push again the contexts that the request just made wanted kept, if the block is still open."""
        kept, self._new_contexts[:] = list(self._new_contexts), []
        for context in kept if self.preserve_context else ():
            self._context_stack.enter_context(context)

    def _take_cookies(self, environ: dict[str, Any], headers: Iterable[tuple[str, str]]) -> None:
        url = urlsplit(get_current_url(environ))
        sent = [value for name, value in headers if name.lower() == "set-cookie"]
        self._update_cookies_from_response(url.hostname or "localhost", url.path, sent)

    def _socket_request(self, path: str, subprotocols: Iterable[str], options: dict[str, Any]) -> Request:
        """Return the handshake request of a WebSocket (RFC 6455 section 4.1)."""
        if self.protocol == "wsgi":
            raise RuntimeError("WSGI carries no WebSockets: make this client with protocol='asgi'")
        headers = Headers(options.pop("headers", None))
        headers.update({"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"})
        headers.setdefault("Sec-WebSocket-Key", "ZGVtaWpvaG4gdGVzdGluZw==")
        if subprotocols:
            headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
        request = self._prepare((path,), {"headers": headers, "method": "GET", **options})
        secure = request.environ["wsgi.url_scheme"] in ("https", "wss")
        request.environ["wsgi.url_scheme"] = "wss" if secure else "ws"
        return request

    async def _connect(self, request: Request, subprotocols: list[str]) -> tuple[SocketExchange, Accepted]:
        self._add_cookies_to_wsgi(request.environ)
        exchange = self._driver.socket(request.environ, subprotocols)
        answer = await exchange.handshake()
        self._take_cookies(request.environ, answer.headers)
        if isinstance(answer, Accepted):
            return exchange, answer
        raise WebSocketRejected(self._present(Head(answer.status, answer.headers), [answer.body], request))

    def _web_socket(self, path: str, subprotocols: Iterable[str], options: dict[str, Any]) -> AsyncWebSocket:
        offered = list(subprotocols)
        request = self._socket_request(path, offered, options)
        json = self.application.json
        return AsyncWebSocket(lambda: self._connect(request, offered), json.dumps, json.loads)

    def _present(self, head: Head, body: Iterable[bytes], request: Request) -> TestResponse:
        response = self.response_wrapper(
            body, status_line(head.status), Headers(head.headers), request=request
        )
        response.json_module = self.application.json
        return response


def status_line(status: int) -> str:
    """Return `status` with its reason phrase, as WSGI has it."""
    return f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown').upper()}"


class FlaskClient(ClientBase):
    """A browser's stand-in for plain tests: ``app.test_client()`` makes one.

    Everything of Werkzeug's client, and: requests default to the application's host and root; ``with
    client:`` keeps the last request's context until the block ends; `session_transaction`; `websocket`.

    `protocol` chooses the entry point that requests are really driven through: ``"wsgi"``, ``"asgi"`` or
    ``"rsgi"``. The latter two own an event loop on a thread, which lives as long as the client. With
    `lifespan` true the application is started before the first request and shut down by `close` or the end
    of the ``with`` block.

    Streamed answers arrive as the application sends them: iterate ``response.response``; ``response.close()``
    before the end is a client that disconnects.
    """

    timeout: float | None = 60.0
    """Seconds to wait for an answer on ASGI and RSGI before `TimeoutError`; `None` waits for ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._thread: LoopThread | None = None

    def open(
        self, *args: Any, buffered: bool = False, follow_redirects: bool = False, **kwargs: Any
    ) -> TestResponse:
        """Make a request and return its answer.

        The arguments are a path and what `EnvironBuilder` takes, or one builder, environ or request.
        `buffered` reads the whole body now; `follow_redirects` goes on until an answer is none. Raises what
        the application raises when it propagates exceptions (``TESTING``).
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
        """Send `environ` through the chosen interface; returns body, status and headers."""
        if self.lifespan or self.protocol != "wsgi":
            self._start()
        if self.protocol == "wsgi":
            return super().run_wsgi_app(environ, buffered)
        self._add_cookies_to_wsgi(environ)
        loop = self._start()
        exchange, head, chunks = loop.run(self._begin(environ), self.timeout)
        body: Iterable[bytes] = chunks
        if not exchange.over:
            body = _Body(loop, exchange, chunks, self.timeout, self._enter_contexts)
            if buffered:
                body = list(body)
        self._take_cookies(environ, head.headers)
        return body, status_line(head.status), Headers(head.headers)

    async def _begin(self, environ: dict[str, Any]) -> tuple[Exchange, Head, list[bytes]]:
        """Launch the request; return the head and the first chunk, or all chunks if all are here."""
        exchange = self._driver.exchange(environ)
        head = await exchange.head()
        chunks: list[bytes] = []
        while not exchange.over and (exchange.complete or not chunks):
            chunk = await exchange.chunk()
            chunks += [] if chunk is None else [chunk]
        return exchange, head, chunks

    def websocket(
        self, path: str, subprotocols: Iterable[str] = (), headers: Any = None, **kwargs: Any
    ) -> WebSocket:
        """Open a WebSocket: ``with client.websocket("/ws") as ws: ws.send("hi"); ws.receive()``.

        `subprotocols` are offered in this order; `headers` and the rest are those of a request. Raises
        `WebSocketRejected` on entering if the application refuses, `RuntimeError` on a WSGI client.
        """
        inner = self._web_socket(path, subprotocols, {"headers": headers, **kwargs})
        return WebSocket(inner, self._start())

    def _start(self) -> LoopThread:
        """Return the client's loop, started (and the application with it) if it was not."""
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
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations: this client's with block is already open.")
        if self.lifespan:
            self._start()
        self.preserve_context = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.preserve_context = False
        self._context_stack.close()
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
