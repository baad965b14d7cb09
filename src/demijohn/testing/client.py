"""The test client: Werkzeug's, knowing the application, its contexts and its session, by any of the three
protocols.

Knows how a request is prepared and an answer presented; calling the application by ASGI and RSGI is
:mod:`demijohn.testing.drive`'s.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from functools import cache
from importlib.metadata import version
from io import BytesIO
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import werkzeug.test
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_current_url

from demijohn.http.status import status_line
from demijohn.sessions import SessionMixin
from demijohn.testing.builder import EnvironBuilder
from demijohn.testing.drive import Driver, check_protocol
from demijohn.testing.exchange import Exchange
from demijohn.testing.head import Head
from demijohn.testing.loop import LoopThread
from demijohn.testing.ports import Application
from demijohn.testing.sockets import Accepted, AsyncWebSocket, SocketExchange, WebSocket, WebSocketRejected
from demijohn.testing.wire import HEADERS_KEY
from demijohn.typing import HeadersValue

__all__ = ["ClientBase", "FlaskClient"]

#: Environ key of the function that a context is given to, which wants it kept.
PRESERVE_KEY = "werkzeug.debug.preserve_context"

#: Header fields that an environ tells as they are.
_TOLD_BY_ENVIRON = frozenset({"content-type", "content-length", "host"})


@cache
def _user_agent() -> str:
    return f"Werkzeug/{version('werkzeug')}"


class ClientBase(werkzeug.test.Client):
    """What the plain and the async client share: making requests, cookies, sessions, kept contexts.

    What has an underscore is for :class:`FlaskClient`, which is one of these, and for
    :class:`~demijohn.testing.async_client.AsyncFlaskClient`, which has one: its methods are awaited, so it
    cannot be a client of Werkzeug's.

    :param args: What :class:`werkzeug.test.Client` takes, as ``kwargs`` are: the application first.
    :param protocol: ``wsgi``, ``asgi`` or ``rsgi``.
    :param lifespan: Start the application before the first request, and shut it down at the end.
    """

    #: The application under test, a ``Flask``.
    application: Any

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
        """Open the session that this client's cookies hold, and store it back when the block ends.

        ::

            with client.session_transaction() as session:
                session["user"] = 42

        :param args: For ``app.test_request_context``, as ``kwargs`` are: for sessions that depend on the
            request.
        :raises TypeError: If the client keeps no cookies.
        :raises RuntimeError: If the application opens no session.
        """
        if self._cookies is None:
            raise TypeError(
                "Cookies are disabled. Make this client with use_cookies=True: a session needs them."
            )
        app: Application = self.application
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

    # Contexts that are kept in a block.

    def _begin_block(self) -> None:
        if self.preserve_context:
            raise RuntimeError("Cannot nest client invocations: this client's with block is already open.")
        # Again, for a client that was not made by the application.
        getattr(self.application, "watch", _nothing)()

    def _leave_block(self) -> None:
        self.preserve_context = False
        self._leave_contexts()

    def _leave_contexts(self) -> None:
        """Let go of the contexts of earlier requests, also of one that raised and was never pushed again."""
        self._new_contexts.clear()
        self._context_stack.close()

    def _enter_contexts(self) -> None:
        """Push again the contexts that the request just made wanted kept, if the block is still open."""
        kept, self._new_contexts[:] = list(self._new_contexts), []
        for context in kept if self.preserve_context else ():
            self._context_stack.enter_context(context)

    # Making requests.

    def _copy_environ(self, other: dict[str, Any]) -> dict[str, Any]:
        """An environ over this client's defaults, with the hook that keeps contexts in a block."""
        environ = {**self.environ_base, **other}
        if self.preserve_context:
            environ[PRESERVE_KEY] = self._new_contexts.append
        return environ

    def _prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        """The request of what ``open`` was given: a builder, an environ, a request, or parts of one."""
        # Tests patch classes, and a class cannot tell. An application that is not ours has no such method.
        getattr(self.application, "look_again", _nothing)()
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
            request.environ[HEADERS_KEY] = [
                (name, value) for name, value in listed if name.lower() not in _TOLD_BY_ENVIRON
            ]
        return request

    # Sending them, on the loop that the application is to run on.

    async def _send(self, environ: dict[str, Any]) -> tuple[Exchange, Head]:
        """Launch a request and wait for status and headers."""
        self._add_cookies_to_wsgi(environ)
        exchange = self._driver.exchange(environ)
        head = await exchange.head()
        self._take_cookies(environ, head.headers)
        return exchange, head

    def _add_cookies_to_wsgi(self, environ: dict[str, Any]) -> None:
        try:
            super()._add_cookies_to_wsgi(environ)
        except ValueError:  # see _take_cookies
            environ.pop("HTTP_COOKIE", None)

    def _take_cookies(self, environ: dict[str, Any], fields: Iterable[tuple[str, str]]) -> None:
        try:
            url = urlsplit(get_current_url(environ))
        except ValueError:  # from Werkzeug 3.2 on: a Host that is none, such as a:99999, has no cookies
            return
        sent = [value for name, value in fields if name.lower() == "set-cookie"]
        self._update_cookies_from_response(url.hostname or "localhost", url.path, sent)

    def _present(
        self, body: Iterable[bytes], status: str, headers: Headers, request: Request
    ) -> TestResponse:
        response = self.response_wrapper(body, status, headers, request=request)
        response.json_module = self.application.json
        return response

    # WebSockets.

    def _web_socket(self, path: str, subprotocols: Iterable[str], options: dict[str, Any]) -> AsyncWebSocket:
        offered = list(subprotocols)
        request = self._socket_request(path, offered, options)
        app: Application = self.application
        return AsyncWebSocket(lambda: self._connect(request, offered), app.json.dumps, app.json.loads)

    def _socket_request(self, path: str, subprotocols: list[str], options: dict[str, Any]) -> Request:
        """The handshake request of a WebSocket (RFC 6455, section 4.1)."""
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
        response = self._present([answer.body], status_line(answer.status), Headers(answer.headers), request)
        raise WebSocketRejected(response)


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
        self._leave_contexts()
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
            self._add_cookies_to_wsgi(environ)
            body, status, fields = werkzeug.test.run_wsgi_app(self.application, environ, buffered=buffered)
            self._take_cookies(environ, fields)
            return body, status, fields
        loop = self._start()
        exchange, head, chunks = loop.run(self._begin(environ), self.timeout)
        body = chunks
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
        self._begin_block()
        if self.lifespan:
            self._start()
        self.preserve_context = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._leave_block()
        finally:
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


def _nothing() -> None:
    pass
