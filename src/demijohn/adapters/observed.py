"""Requests that somebody looks at, by each protocol: around the adapter, which does not know of it.

Under ASGI and RSGI what the adapter sends is looked at on its way; under WSGI the body is returned in a shape that the
server closes when it has sent it. PERF: a request pays for what is here, 2 us of a hello world, only where somebody
looks. This module must not know what observers do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Iterable, Iterator
from time import perf_counter
from typing import Any

from demijohn.adapters import asgi, rsgi, wsgi
from demijohn.adapters.environ import protocol_of
from demijohn.adapters.ports import Application
from demijohn.contexts.context import current
from demijohn.contexts.request_ids import FIELD, KEY, received_or_new, request_id_of
from demijohn.contexts.way import Plan, Way
from demijohn.dispatch.observation import SEEN, Observation, Observing, says_id
from demijohn.typing import Message, RawHeaders, Receive, Scope, Send, StartResponse

__all__ = ["enter_wsgi", "serve_asgi", "serve_rsgi"]

_ENCODED_FIELD = FIELD.lower().encode()

# WSGI.


class WSGIObservation(Observation):
    """A request that came by WSGI, and its answer's body, where that is in one piece: who has sent it closes it."""

    protocol = "wsgi"
    #: The body, as long as nobody was told that it was sent.
    parts: list[bytes] | None = None

    def __init__(self, app: Any, observing: Observing, environ: Any, start_response: StartResponse) -> None:
        self.app = app
        self.observing = observing
        self.method = environ["REQUEST_METHOD"]
        self.path = environ["PATH_INFO"]
        self.environ = environ
        self.remote_addr = environ.get("REMOTE_ADDR", "")
        self._start = start_response
        self.began = perf_counter()

    def find_id(self) -> str:
        """See :class:`Observation`."""
        return request_id_of(self.environ)

    def header(self, name: str) -> str | None:
        """See :class:`Observation`."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        found: str | None = self.environ.get(key)
        return found

    @property
    def http_version(self) -> str:
        """See :class:`Observation`."""
        return str(self.environ.get("SERVER_PROTOCOL", "HTTP/1.1")).rpartition("/")[2]

    def start_response(self, status: str, headers: RawHeaders, exc_info: Any = None) -> Any:
        """What the application calls in the place of the server's."""
        observing = self.observing
        if observing.times:
            self.answered = perf_counter()
        try:
            self.status = _codes[status]
        except KeyError:
            self.status = _code(status)
        ctx = current.get(None)
        if ctx is not None:
            self.plan = ctx.plan
        if observing.ids and (_is_usual(headers, self.plan) or not says_id(headers)):
            headers.append((FIELD, self.request_id))  # the list is the server's to change (PEP 3333)
        return self._start(status, headers) if exc_info is None else self._start(status, headers, exc_info)

    # The body.

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts or ())

    def __len__(self) -> int:
        return len(self.parts or ())

    def close(self) -> None:
        """Note that it was sent."""
        parts = self.parts
        if parts is not None:
            self.parts = None
            if not self.status:
                self.status = 500  # start_response was not called, which a server answers so
            for part in parts:
                self.sent += len(part)
            for end in self.observing.ends:
                end(self)


def _is_usual(headers: RawHeaders, plan: Plan | None) -> bool:
    """Whether an answer has the fields of the short way and no others; PERF: half the price of a look at each (0.2 us).

    All others have those of their plan in front, or more fields than these.
    """
    return (
        plan is not None
        and plan.protects
        and len(headers) == len(plan.fields.plain) + 2
        and headers[1][0] == "Content-Length"
    )


_codes: dict[str, int] = {}


def _code(status: str) -> int:
    """The code of a status line. PERF: kept, as there are few (0.1 us)."""
    code = int(status[:3])
    if len(_codes) < 512:  # what follows the code is the application's to choose
        _codes[status] = code
    return code


def serve_wsgi(app: Any, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request of an application that has middleware around it, which may answer itself: for servers."""
    way = app._way or app.settle()
    answer = None if way.observing is None else enter_wsgi(app, way, environ, start_response, app)
    return app(environ, start_response) if answer is None else answer


def enter_wsgi(
    app: Any, way: Way, environ: Any, start_response: StartResponse, around: Any = None
) -> Iterable[bytes] | None:
    """Answer a request that somebody looks at; None where it is to go on by itself.

    :param around: What to call instead of the adapter.
    """
    observing: Observing = way.observing
    seen_by = environ.get(SEEN)
    if seen_by is not None:
        if seen_by.__class__ is _Mark and seen_by.app is app:
            return wsgi.serve(app, environ, seen_by.noting(start_response), True)
        if way.forward is not None and seen_by is not app:
            way.forward(environ)
        return None
    if way.forward is not None:
        way.forward(environ)
    if environ["PATH_INFO"] in way.health:
        return None
    environ[SEEN] = app  # and not the observation, which has the environ: nothing would free the two
    seen = WSGIObservation(app, observing, environ, start_response)
    if observing.ids:
        environ[KEY] = seen.request_id = received_or_new(environ.get("HTTP_X_REQUEST_ID"))
    for begin in observing.begins:
        begin(seen)
    try:
        if around is None:
            body = wsgi.serve(app, environ, seen.start_response, True)
        else:
            body = around(environ, seen.start_response)
    except BaseException as e:
        seen.failed(e)
        raise
    finally:
        if observing.leaves:
            seen.leave()
    if not observing.ends:
        return body
    if body.__class__ is not list:
        return SeenBody(body, seen)
    seen.parts = body
    if way.watched:  # a test client need neither read nor close what it was sent
        seen.close()
        return body
    return seen  # type: ignore[no-any-return]


class SeenBody:
    """The body of an answer in parts; who has sent it asks for another, or closes it."""

    def __init__(self, body: Iterable[bytes], seen: Observation) -> None:
        self._body = body
        self._parts = iter(body)
        self._seen: Observation | None = seen

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        seen = self._seen
        try:
            part = next(self._parts)
        except StopIteration:
            self._finish()
            raise
        except BaseException as e:
            if seen is not None:
                seen.error = e
            raise
        if seen is not None:
            seen.sent += len(part)
        return part

    def close(self) -> None:
        """Close the body, and note that it was sent."""
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._finish()

    def _finish(self) -> None:
        seen, self._seen = self._seen, None
        if seen is not None:
            seen.finish()


# Async servers.


class _Mark:
    """Left in a scope that somebody looks at, for the application: it may be called by WSGI, within middleware."""

    __slots__ = ("app", "plan")

    def __init__(self, app: Any) -> None:
        self.app = app
        self.plan: Plan | None = None

    def noting(self, start_response: StartResponse) -> StartResponse:
        """The same, and what routing found is noted: the server's loop has no context of that request."""

        def start(status: str, headers: RawHeaders, *exc_info: Any) -> Any:
            ctx = current.get(None)
            self.plan = None if ctx is None else ctx.plan
            return start_response(status, headers, *exc_info)

        return start


class _Timed:
    """A coroutine of which it is told when it keeps the event loop to itself for long."""

    __slots__ = ("_coroutine", "_limit", "_seen")

    def __init__(self, coroutine: Awaitable[None], seen: Observation, limit: float) -> None:
        self._coroutine = coroutine
        self._seen = seen
        self._limit = limit

    def __await__(self) -> Generator[Any, Any, None]:
        steps: Any = self._coroutine.__await__()
        go, value = steps.send, None
        while True:
            began = perf_counter()
            try:
                waited_for = go(value)
            except StopIteration:
                return
            finally:
                if perf_counter() - began >= self._limit:
                    self._tell(perf_counter() - began)
            try:
                go, value = steps.send, (yield waited_for)
            except BaseException as e:
                go, value = steps.throw, e

    def _tell(self, seconds: float) -> None:
        seen = self._seen
        seen.app.logger.warning(
            "The event loop was blocked for %.0f ms by %s %s (%s), and nobody else was served meanwhile. Await what"
            " it waits for, or write the view as def: it runs in a thread then.",
            seconds * 1000, seen.method, seen.shown_path, seen.view, extra={"request_id": seen.request_id},
        )  # fmt: skip


async def _run(seen: Observation, serving: Awaitable[None]) -> None:
    observing = seen.observing
    for begin in observing.begins:
        begin(seen)
    try:
        await (serving if observing.loop_limit is None else _Timed(serving, seen, observing.loop_limit))
    except BaseException as e:
        seen.failed(e)
        raise
    finally:
        if observing.leaves:
            seen.leave()
    for end in observing.ends:
        end(seen)


def _forwarded_address(ctx: Any) -> str | None:
    """Whom trusted proxies name as the client."""
    environ = getattr(ctx, "environ", None)
    return None if environ is None else environ.get("REMOTE_ADDR")


class ASGIObservation(Observation):
    """A request that came by ASGI."""

    protocol = "asgi"
    mark: _Mark

    def __init__(self, app: Application, observing: Observing, scope: Scope, send: Send) -> None:
        self.app = app
        self.observing = observing
        self.method = scope["method"]
        path = scope["path"]
        self.path = path if path.isascii() else path.encode().decode("latin-1")
        self.scope = scope
        client = scope.get("client")
        self.remote_addr = "" if client is None else client[0]
        self._send = send
        self.began = perf_counter()

    def find_id(self) -> str:
        """See :class:`Observation`."""
        found: str | None = self.scope.get(KEY)
        if found is None:
            found = self.scope[KEY] = received_or_new(self.header("x-request-id"))
        return found

    def header(self, name: str) -> str | None:
        """See :class:`Observation`."""
        wanted = name.encode()
        for field, value in self.scope["headers"]:
            if field == wanted:
                text: str = value.decode("latin-1")
                return text
        return None

    @property
    def http_version(self) -> str:
        """See :class:`Observation`."""
        return protocol_of(self.scope.get("http_version", "1.1")).rpartition("/")[2]

    def send(self, message: Message) -> Awaitable[None]:
        """What the application calls in the place of the server's."""
        if message["type"] == "http.response.body":
            self.sent += len(message["body"])
        elif message["type"] == "http.response.start":
            observing = self.observing
            if observing.times:
                self.answered = perf_counter()
            self.status = message["status"]
            ctx = current.get(None)
            self.plan = self.mark.plan if ctx is None else ctx.plan
            if observing.forward is not None:
                self.remote_addr = _forwarded_address(ctx) or self.remote_addr
            if observing.ids:
                headers = message["headers"]
                for name, _ in headers:
                    if name == _ENCODED_FIELD:
                        break
                else:
                    headers.append((_ENCODED_FIELD, self.request_id.encode()))
        return self._send(message)


async def serve_asgi(app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve an ASGI scope of an application whose requests somebody looks at."""
    way = app._way or app.settle()
    observing = way.observing
    if observing is None or scope["type"] != "http" or SEEN in scope or scope["path"] in way.health:
        await asgi.serve(app, scope, receive, send)
        return
    mark = scope[SEEN] = _Mark(app)
    seen = ASGIObservation(app, observing, scope, send)
    seen.mark = mark
    if observing.ids:
        received = None
        for name, value in scope["headers"]:
            if name == _ENCODED_FIELD:
                received = value.decode("latin-1")
                break
        scope[KEY] = seen.request_id = received_or_new(received)
    if observing.begins or observing.leaves or observing.loop_limit is not None:
        await _run(seen, asgi.serve(app, scope, receive, seen.send))
        return
    try:  # PERF: what _run comes to then, without a coroutine (0.3 us)
        await asgi.serve(app, scope, receive, seen.send)
    except BaseException as e:
        seen.failed(e)
        raise
    for end in observing.ends:
        end(seen)


class RSGIObservation(Observation):
    """A request that came by RSGI, and what stands in the place of its protocol object."""

    protocol = "rsgi"

    def __init__(self, app: Application, observing: Observing, scope: Any, protocol: Any) -> None:
        self.app = app
        self.observing = observing
        self.method = scope.method
        path = scope.path
        self.path = path if path.isascii() else path.encode().decode("latin-1")
        self.scope = scope
        self.remote_addr = rsgi.split_address(scope.client)[0]
        self._protocol = protocol
        self._transport: Any = None
        self.mark = _Mark(app)
        self.client_disconnect = protocol.client_disconnect
        self.began = perf_counter()

    def find_id(self) -> str:
        """See :class:`Observation`."""
        return received_or_new(self.header("x-request-id"))

    def header(self, name: str) -> str | None:
        """See :class:`Observation`."""
        found: str | None = self.scope.headers.get(name)
        return found

    @property
    def http_version(self) -> str:
        """See :class:`Observation`."""
        return protocol_of(self.scope.http_version).rpartition("/")[2]

    # What an adapter asks of a protocol object.

    def __aiter__(self) -> Any:
        return self._protocol.__aiter__()

    def _begin(self, code: int, fields: RawHeaders) -> RawHeaders:
        self.answered = perf_counter()
        self.status = code
        ctx = current.get(None)
        self.plan = self.mark.plan if ctx is None else ctx.plan
        if self.observing.forward is not None:
            self.remote_addr = _forwarded_address(ctx) or self.remote_addr
        return [*fields, (FIELD, self.request_id)] if self.observing.ids and not says_id(fields) else fields

    def response_bytes(self, code: int, fields: RawHeaders, body: bytes) -> None:
        """Send an answer in one piece."""
        self.sent += len(body)
        self._protocol.response_bytes(code, self._begin(code, fields), body)

    def response_stream(self, code: int, fields: RawHeaders) -> RSGIObservation:
        """Begin an answer in parts."""
        self._transport = self._protocol.response_stream(code, self._begin(code, fields))
        return self

    def send_bytes(self, part: bytes) -> Awaitable[None]:
        """Send a part of it."""
        self.sent += len(part)
        sending: Awaitable[None] = self._transport.send_bytes(part)
        return sending


class _MarkedScope:
    """A scope of RSGI, which takes no attributes, with what the environ of its request is to have."""

    def __init__(self, scope: Any, more: dict[str, Any]) -> None:
        self._scope = scope
        self.demijohn_environ = {**(getattr(scope, "demijohn_environ", None) or {}), **more}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scope, name)


async def serve_rsgi(app: Any, scope: Any, protocol: Any) -> None:
    """Answer an RSGI request of an application whose requests somebody looks at."""
    way = app._way or app.settle()
    observing = way.observing
    if observing is None or scope.proto != "http" or scope.path in way.health:
        await rsgi.serve(app, scope, protocol)
        return
    seen = RSGIObservation(app, observing, scope, protocol)
    if observing.ids:
        seen.request_id = seen.find_id()
        scope = _MarkedScope(scope, {KEY: seen.request_id, SEEN: seen.mark})
    elif way.wrapped:
        scope = _MarkedScope(scope, {SEEN: seen.mark})
    await _run(seen, rsgi.serve(app, scope, seen))
