"""The application as an ASGI application: HTTP, WebSocket and lifespan scopes.

A request whose code is all async is handled in place, without a task; any other takes one hop to
the thread pool, hooks to teardown. The body is read before the view starts, unless its route asks
for the stream.
"""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from demijohn import signals
from demijohn.adapters.environ import (
    INNER_PATH, LazyEnviron, ScopeContext, ScopeEnviron, query_string_of,
)  # fmt: skip
from demijohn.adapters.complete import NO_BODY, close_body, open_body, respond, serve_complete
from demijohn.adapters.exchange import Parts, until_gone
from demijohn.adapters.lifespan import serve_lifespan
from demijohn.adapters.ports import Application
from demijohn.adapters.severing import ENDED_BY_CLOSING, WRITING_TIME, sever
from demijohn.later import later
from demijohn.routing.mounted import Mounted
from demijohn.typing import RawHeaders
from demijohn.adapters.websocket import serve_websocket
from demijohn.contexts.context import current
from demijohn.contexts.way import Plan
from demijohn.contexts.request_ids import request_id_of
from demijohn.dispatch.matching import find
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.short import conclude, conclude_error, steps_of
from demijohn.http.headers import ENCODED_FIELDS as _encoded_fields, encoded_name, keep_encoded
from demijohn.typing import Message, Receive, Scope, Send
from demijohn.setup.mounting import Mount
from demijohn.wrappers.body import WHOLE_BODY, truncated
from demijohn.wrappers.request import Request

if TYPE_CHECKING:
    from demijohn.adapters import mounted
else:
    mounted = later("demijohn.adapters.mounted")  # only where something is mounted

#: How servers say on ``send`` that the client has gone (ASGI 2.4).
ClientGone = OSError

#: The fields that are looked at before the view: for the route, and for whether there is a body (RFC 9112, 6).
_NEEDED = frozenset({b"host", b"content-length", b"transfer-encoding", b"x-request-id"})

#: Those and what is asked of a request that may change something: where it comes from, the type of its body.
_NEEDED_OF_CHANGES = _NEEDED | {b"sec-fetch-site", b"origin", b"content-type"}

_NOTHING: list[tuple[bytes, bytes]] = []

#: RawHeaders whose values return, so that it pays to keep them encoded.
_FEW_VALUES = frozenset({"Content-Type", "Content-Length"})


class Context(ScopeContext):
    """The context of a request that needs no more of its scope than routing does."""

    #: The body, where it came in one piece.
    whole: bytes | None = None
    #: Sec-Fetch-Site, whether there is an Origin, and Content-Type; None of a request that changes nothing.
    told: tuple[bytes | None, bool, bytes | None] | None = None

    def make_environ(self) -> ScopeEnviron:
        """The environ of ``received``."""
        environ = ScopeEnviron(self.received)
        if self.whole is not None:
            self.tell_environ(environ, self.whole)
        return environ

    @staticmethod
    def tell_environ(environ: LazyEnviron, whole: bytes) -> None:
        """Leave the body where the request reads it."""
        environ["wsgi.input"] = BytesIO(whole)
        environ[WHOLE_BODY] = whole

    def said_elsewhere(self) -> tuple[str | None, str | None] | None:
        """Sec-Fetch-Site and Origin, without an environ (PERF: 5 us)."""
        if self.told is not None:
            site, comes_with_origin, _ = self.told
            if site == b"same-origin" or site == b"none" or (site is None and not comes_with_origin):
                return None
        return super().said_elsewhere()

    def query_string(self) -> str:
        """The query string, without an environ (PERF: 5 us)."""
        return query_string_of(self.received) if self._environ is None else super().query_string()

    def body(self) -> tuple[str | None, bytes] | None:
        """The Content-Type and a body that came in one piece, without environ and request (PERF: 7 us)."""
        told, whole = self.told, self.whole
        # Not where somebody may have changed what the environ says.
        if (
            told is None
            or whole is None
            or self._environ is not None
            or self.app.request_class is not Request
        ):
            return None
        content_type = told[2]
        return None if content_type is None else content_type.decode("latin-1"), whole


# PERF: instances share their keys, and need no dictionary each, while the first of them have had every attribute: a
# POST after some GETs would be 0.4 us dearer.
_first = object.__new__(Context)
_first.plan = _first.told = _first.whole = None
del _first


async def serve(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one ASGI scope: an HTTP request here, anything else where it belongs.

    Longer than functions are here: what it does in place saves a request a second coroutine.
    """
    if scope["type"] != "http":
        await _serve_other(app, scope, receive, send)
        return
    lifecycle = app.lifecycle
    if lifecycle.thread != get_ident() or not lifecycle.loop.is_running():
        await lifecycle.enter(get_running_loop())
    host = length = site = content_type = None
    hosts = types = 0
    announced = named = comes_with_origin = False
    path, method = scope["path"], scope["method"]
    needed = _NEEDED
    if method not in NO_BODY:
        announced = True
        needed = _NEEDED_OF_CHANGES
    # PERF: only what is needed before the view; a dictionary of all fields costs 0.2 us more.
    for name, value in scope["headers"]:
        if name in needed:
            if name == b"host":
                host = value
                hosts += 1
            elif name == b"sec-fetch-site":
                site = value if site is None else b""  # one that came twice is no word of the standard
            elif name == b"content-type":
                content_type = value
                types += 1
            elif name == b"content-length":
                announced = True
                length = value
            elif name == b"origin":
                comes_with_origin = True
            elif name == b"x-request-id":
                named = True
            else:
                announced = True
    way = app._way or app.settle()
    if (
        not way.bare
        or signals.listening
        or hosts > 1
        or not path.isascii()
        or scope.get("root_path")
        or "demijohn.environ" in scope
    ):
        # PERF: an application that is mounted is told its path, and so spared what a prefix takes (3 us).
        path = scope.get(INNER_PATH)
        if (
            path is None
            or not way.bare
            or signals.listening
            or hosts > 1
            or not path.isascii()
            or "demijohn.environ" in scope
        ):
            await serve_complete(app, ScopeEnviron(scope), announced, ASGIExchange(scope, receive, send))
            return
    # PERF: from here on neither the environ nor the request is made before the view asks for it (2 us). A Host
    # that came twice, and a path that is not ASCII and may hold bytes that are not UTF-8, are for the environ,
    # which knows what to do with both.
    ctx = Context(app, way, None, scope)
    if needed is _NEEDED_OF_CHANGES and types < 2:
        ctx.told = site, comes_with_origin, content_type
    try:
        # PERF: what find does for most requests, without a call (0.1 us).
        methods = way.static_plans.get(path)
        plan = methods.get(method) if methods is not None and host in way.good_hosts else None
        if plan is None:
            find(app, ctx, host, path, method)
            plan = ctx.plan
        else:
            ctx.plan = plan
        if announced:
            message = None
            if not plan.stream and _may_come(app, plan, length):
                # PERF: a body that comes whole, as most do, needs no collecting (6 us).
                message = await receive()
                if message["type"] == "http.request" and not message.get("more_body"):
                    body = message.get("body", b"")
                    if length is None or length == b"%d" % len(body):
                        ctx.whole = body
                        if ctx._environ is not None:  # routing has looked at it
                            ctx.tell_environ(ctx._environ, body)
            if ctx.whole is None:
                await open_body(app, ctx, ASGIExchange(scope, receive, send, message))
        if named:
            request_id_of(ctx.environ)  # so that the answer says it
        outcome: Any
        if not plan.short or method == "HEAD":
            outcome = pipeline(app, ctx)
        elif not plan.on_loop:
            outcome = steps_of(app, ctx)
        # PERF: what short_way does, without a second coroutine (0.15 us).
        elif (error := ctx.routing_exception) is None:
            try:
                view, arguments = plan.view, ctx.view_args
                rv = view(**arguments) if arguments else view()
                if plan.awaits or hasattr(rv.__class__, "__await__"):
                    rv = await rv
            except Exception as e:
                outcome = conclude_error(app, ctx, e)
            else:
                outcome = conclude(app, ctx, rv)
        else:
            outcome = conclude_error(app, ctx, error)
            error = None  # or its traceback keeps a cycle through this frame
        if outcome.__class__ is tuple:
            fields = plan.fields
            constant = (
                fields.encoded
                if fields.encoded_secure is None or scope.get("scheme") != "https"
                else fields.encoded_secure
            )
        else:
            outcome = await respond(app, ctx, outcome, method, ASGIExchange(scope, receive, send))
            if outcome is None:
                return
            constant = _NOTHING
        code, _, raw, data = outcome
        await send({"type": "http.response.start", "status": code, "headers": encoded(raw) + constant})
        await send({"type": "http.response.body", "body": data})
        return
    except Mounted as reached:
        mount = reached.mount
    finally:
        current.reset(ctx._tokens.pop())  # PERF: what leave comes to, without a call (0.06 us)
        if ctx.error is not None or ctx.routing_exception is not None:
            ctx.forget()
        if ctx._environ is not None:
            close_body(ctx._environ)
    if mount.ours and path != mount.prefix:
        # PERF: without two coroutines more.
        await mount.guest.asgi_app(mounted.scope_inside(app, mount, scope, path), receive, send)
        return
    environ = ScopeEnviron(scope) if INNER_PATH in scope else None
    await ASGIExchange(scope, receive, send).hand_on(app, mount, environ)


def _may_come(app: Application, plan: Plan, length: bytes | None) -> bool:
    """Whether a body is within the limit by what is announced: else it is refused before it is received (413)."""
    limit = app.config["MAX_CONTENT_LENGTH"]
    if plan.rule is not None:
        limit = vars(plan.rule).get("max_content_length", limit)
    return limit is None or (length is not None and length.isdigit() and int(length) <= limit)


def _serve_other(app: Application, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    kind = scope["type"]
    if kind == "websocket":
        return serve_websocket(app, scope, receive, send)
    if kind == "lifespan":
        return serve_lifespan(app, receive, send)
    raise ValueError(f"The ASGI scope type {kind!r} is not known: http, websocket and lifespan are.")


class ASGIExchange:
    """An :class:`~demijohn.adapters.exchange.Exchange` over ASGI's two callables."""

    __slots__ = ("_first", "_more", "_receive", "_scope", "_send")

    def __init__(self, scope: Scope, receive: Receive, send: Send, first: Message | None = None) -> None:
        self._scope = scope
        #: What was received already.
        self._first = first
        self._receive = receive
        self._send = send
        self._more = True

    async def chunk(self) -> bytes:
        """The next piece of the body; a disconnect before its end raises."""
        while self._more:
            message = self._first or await self._receive()
            self._first = None
            if message["type"] == "http.disconnect":
                self._more = False
                raise truncated()
            self._more = message.get("more_body", False)
            body: bytes = message.get("body", b"")
            if body:
                return body
        return b""

    async def whole(self, code: int, fields: RawHeaders, body: bytes) -> None:
        """Send an answer in one piece."""
        await self._send({"type": "http.response.start", "status": code, "headers": encoded(fields)})
        await self._send({"type": "http.response.body", "body": body})

    async def parts(self, code: int, fields: RawHeaders, parts: Parts) -> None:
        """Send an answer in parts, until its end or until the client has gone."""
        try:
            await self._send({"type": "http.response.start", "status": code, "headers": encoded(fields)})
            await until_gone(self._send_parts(parts), self._disconnected())
        except Exception:
            # The server cuts the connection, by which HTTP/1.0 ends a body that is whole, too.
            if self._scope.get("http_version") in ENDED_BY_CLOSING:
                await asyncio.sleep(WRITING_TIME)
                sever(self._scope.get("client"), self._scope.get("server"), reset=True)
            raise
        finally:
            await parts.aclose()

    async def hand_on(self, app: Application, mount: Mount, environ: LazyEnviron | None) -> None:
        """Hand the request to a mounted application."""
        if mount.interface == "wsgi":
            await mounted.serve_exchange(app, mount, environ or ScopeEnviron(self._scope), self)
        else:
            await mounted.serve_asgi(app, mount, self._scope, self._receive, self._send, environ, self)

    async def _send_parts(self, parts: Parts) -> None:
        try:
            async for part in parts:
                if part:
                    await self._send({"type": "http.response.body", "body": part, "more_body": True})
                    # Sending to a client that has gone does not wait: without this, a body that does
                    # not wait either would never hear of it.
                    await asyncio.sleep(0)
            await self._send({"type": "http.response.body", "body": b""})
        except ClientGone:
            return

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def encoded(raw: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Header fields as ASGI takes them: bytes, names in lower case."""
    try:
        if len(raw) == 2:  # PERF: most are, and 3.11 calls a function for a comprehension (0.15 us)
            return [_encoded_fields[raw[0]], _encoded_fields[raw[1]]]
    except KeyError:
        pass
    fields = []
    for field in raw:  # PERF: see above
        fields.append(_encoded_fields.get(field) or _encoded_field(field))  # noqa: PERF401
    return fields


def _encoded_field(field: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = field
    if name in _FEW_VALUES and len(value) <= 256:  # a view may echo what a sender chose
        return keep_encoded(field)
    return encoded_name(name), value.encode("latin-1")


def with_answer_below(path: str, answer: Callable[[Any, Any, Any], Awaitable[None]], behind: Any) -> Any:
    """:func:`serve`, or what stands for it, with another application below a path.

    PERF: what is not below it pays for one comparison, where a middleware would be two calls more.

    :param path: As :func:`demijohn.extend.answer_below` takes it.
    :param behind: What serves all else.
    """

    def front(app: Application, scope: Scope, receive: Receive, send: Send) -> Any:
        below = scope.get("path")
        if (
            below is not None
            and path in below
            and below.removeprefix(scope.get("root_path", "")).startswith(path)
        ):
            return answer(scope, receive, send)
        return behind(app, scope, receive, send)

    return front
