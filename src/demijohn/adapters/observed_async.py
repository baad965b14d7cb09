"""Requests by ASGI and RSGI that somebody looks at: around the adapters, which do not know of it.

What an adapter sends is looked at on its way. PERF: a request pays for what is here only where somebody looks. This
module must not know what observers do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from time import perf_counter
from typing import Any

from demijohn.adapters import asgi, rsgi
from demijohn.adapters.environ import protocol_of
from demijohn.adapters.observed import Mark, is_usual
from demijohn.adapters.ports import Application
from demijohn.contexts.context import AppContext, current
from demijohn.contexts.request_ids import FIELD, KEY, received_or_new
from demijohn.dispatch.observation import SEEN, Observation, Observing, says_id
from demijohn.typing import Message, RawHeaders, Receive, Scope, Send

__all__ = ["serve_asgi", "serve_rsgi"]

_ENCODED_FIELD = FIELD.lower().encode()


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


def _forwarded_address(ctx: AppContext | None) -> str | None:
    """Whom trusted proxies name as the client."""
    environ = getattr(ctx, "environ", None)
    return None if environ is None else environ.get("REMOTE_ADDR")


class ASGIObservation(Observation):
    """A request that came by ASGI."""

    protocol = "asgi"
    mark: Mark

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


async def serve_asgi(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve an ASGI scope of an application whose requests somebody looks at."""
    way = app._way or app.settle()
    observing = way.observing
    if observing is None or scope["type"] != "http" or SEEN in scope or scope["path"] in way.health:
        await asgi.serve(app, scope, receive, send)
        return
    mark = scope[SEEN] = Mark(app)
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
        self.mark = Mark(app)
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

    def client_disconnect(self) -> Awaitable[None]:
        """Wait for the client to go."""
        gone: Awaitable[None] = self._protocol.client_disconnect()
        return gone

    def _begin(self, code: int, fields: RawHeaders) -> RawHeaders:
        self.answered = perf_counter()
        self.status = code
        ctx = current.get(None)
        self.plan = self.mark.plan if ctx is None else ctx.plan
        if self.observing.forward is not None:
            self.remote_addr = _forwarded_address(ctx) or self.remote_addr
        if self.observing.ids and (is_usual(fields, self.plan) or not says_id(fields)):
            return [*fields, (FIELD, self.request_id)]
        return fields

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
    """A scope of RSGI, which takes no attributes, with the id of its request, and who looks at it."""

    __slots__ = (
        "_scope", "demijohn_environ", "headers", "method", "path", "proto", "request_id", "scheme", "seen"
    )  # fmt: skip

    def __init__(self, scope: Any, seen: RSGIObservation, request_id: str | None) -> None:
        self._scope = scope
        self.request_id = request_id
        self.seen = seen.mark
        # PERF: what each request is asked for; the rest is looked up where it is.
        self.demijohn_environ = getattr(scope, "demijohn_environ", None)
        self.proto = scope.proto
        self.method = seen.method
        self.path = scope.path
        self.headers = scope.headers
        self.scheme = scope.scheme

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scope, name)


async def serve_rsgi(app: Application, scope: Any, protocol: Any) -> None:
    """Answer an RSGI request of an application whose requests somebody looks at."""
    way = app._way or app.settle()
    observing = way.observing
    if observing is None or scope.proto != "http" or scope.path in way.health:
        await rsgi.serve(app, scope, protocol)
        return
    seen = RSGIObservation(app, observing, scope, protocol)
    if observing.ids:
        seen.request_id = seen.find_id()
        scope = _MarkedScope(scope, seen, seen.request_id)
    elif way.wrapped:
        scope = _MarkedScope(scope, seen, None)
    if observing.begins or observing.leaves or observing.loop_limit is not None:
        await _run(seen, rsgi.serve(app, scope, seen))
        return
    try:  # PERF: as for ASGI
        await rsgi.serve(app, scope, seen)
    except BaseException as e:
        seen.failed(e)
        raise
    for end in observing.ends:
        end(seen)
