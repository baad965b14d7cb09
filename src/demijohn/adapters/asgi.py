"""The application as an ASGI application: HTTP, WebSocket and lifespan scopes.

A request whose code is all async is handled in place, without a task; any other takes one hop to
the thread pool, hooks to teardown. The body is read before the view starts, unless its route asks
for the stream.
"""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Awaitable
from contextvars import Token, copy_context
from typing import Any

from demijohn import signals
from demijohn.adapters.environ import ScopeContext, ScopeEnviron
from demijohn.adapters.lifespan import serve_lifespan
from demijohn.adapters.websocket import serve_websocket
from demijohn.wrappers.body import RefusedBody, StreamedBody, collect, too_large, truncated
from demijohn.contexts.context import RequestContext, current
from demijohn.dispatch.pipeline import conclude, conclude_error, pipeline
from demijohn.dispatch.matching import find, match
from demijohn.http.headers import encoded_name
from demijohn.wrappers.response import AsyncBody, Raw
from demijohn.waiting.loops import drive_here, drive_hopping

_NONE = Token.MISSING

#: How servers say on ``send`` that the client has gone (ASGI 2.4).
ClientGone = OSError

_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

#: The fields that are looked at before the view: for the route, and for whether there is a body (RFC 9112, 6).
_NEEDED = frozenset({b"host", b"content-length", b"transfer-encoding"})

#: Fields whose values return, so that it pays to keep them encoded.
_FEW_VALUES = frozenset({"Content-Type", "Content-Length"})


class Context(ScopeContext):
    """The context of a request that needs no more of its scope than routing does."""

    def make_environ(self) -> ScopeEnviron:
        """The environ of ``received``."""
        return ScopeEnviron(self.received)


async def serve(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Serve one ASGI scope: an HTTP request here, anything else where it belongs."""
    if scope["type"] != "http":
        await _serve_other(app, scope, receive, send)
        return
    if app._thread != get_ident() or not app._loop.is_running():
        await app.lifecycle.enter(get_running_loop())
    host = None
    hosts = 0
    announced = False
    # PERF: only what is needed before the view; a dictionary of all fields costs 0.2 us more.
    for name, value in scope["headers"]:
        if name in _NEEDED:
            if name == b"host":
                host = value
                hosts += 1
            else:
                announced = True
    path = scope["path"]
    if (
        not app._direct
        or signals.listening
        or hosts > 1
        or not path.isascii()
        or scope.get("root_path")
        or "demijohn.environ" in scope
    ):
        await _serve_complete(app, ScopeEnviron(scope), announced, receive, send)
        return
    # PERF: from here on neither the environ nor the request is made before the view asks for it (2 us). A Host
    # that came twice, and a path that is not ASCII and may hold bytes that are not UTF-8, are for the environ,
    # which knows what to do with both.
    ctx = Context(app, scope)
    token = current.set(ctx)
    ctx._tokens = [token]
    if token.old_value is not _NONE:
        ctx.join(token.old_value)
    try:
        method = scope["method"]
        # PERF: what find does for most requests, without a call (0.1 us).
        methods = app._static_plans.get(path)
        plan = methods.get(method) if methods is not None and host in app._good_hosts else None
        if plan is None:
            find(app, ctx, host, path, method)
            plan = ctx.plan
        else:
            ctx.plan = plan
        if announced or method not in _NO_BODY:
            await open_body(app, ctx, body_source, receive)
        if not plan.at_once or method == "HEAD":
            await _respond(app, ctx, pipeline(app, ctx), method, receive, send)
            return
        # PERF: what short_way does, without a second coroutine (0.15 us).
        error = ctx.routing_exception
        if error is None:
            try:
                arguments = ctx.view_args
                rv = plan.view(**arguments) if arguments else plan.view()
                if plan.awaits or hasattr(rv.__class__, "__await__"):
                    rv = await rv
            except Exception as e:
                outcome = conclude_error(app, ctx, e)
            else:
                outcome = conclude(app, ctx, rv)
        else:
            outcome = conclude_error(app, ctx, error)
            error = None  # or its traceback keeps a cycle through this frame
        if outcome.__class__ is not tuple:
            await _respond(app, ctx, outcome, method, receive, send)
            return
        code, _, raw, data = outcome
        await send({"type": "http.response.start", "status": code, "headers": encoded(raw)})
        await send({"type": "http.response.body", "body": data})
    finally:
        current.reset(token)
        if ctx.error is not None or ctx.routing_exception is not None:
            ctx.forget()
        if ctx._environ is not None:
            close_body(ctx._environ)


async def short_way(app: Any, ctx: RequestContext) -> Any:
    """Call the view with nothing around it: what to send, or the pipeline that is left."""
    error = ctx.routing_exception
    if error is not None:
        return conclude_error(app, ctx, error)
    plan = ctx.plan
    arguments = ctx.view_args
    try:
        rv = plan.view(**arguments) if arguments else plan.view()
        if plan.awaits or hasattr(rv.__class__, "__await__"):
            rv = await rv
    except Exception as e:
        return conclude_error(app, ctx, e)
    return conclude(app, ctx, rv)


def _serve_other(app: Any, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    kind = scope["type"]
    if kind == "websocket":
        return serve_websocket(app, scope, receive, send)
    if kind == "lifespan":
        return serve_lifespan(app, receive, send)
    raise ValueError(f"The ASGI scope type {kind!r} is not known: http, websocket and lifespan are.")


async def _serve_complete(app: Any, environ: ScopeEnviron, announced: bool, receive: Any, send: Any) -> None:
    """Answer a request for which all that may be in its way has to be looked at."""
    if app._proxies is not None:
        app._proxies(environ)
    if app._wsgi_replaced:
        await app._bridge(environ, receive, send)
        return
    ctx = app.request_context(environ)
    ctx.begin()
    try:
        match(app, ctx)
        method = environ["REQUEST_METHOD"]
        if announced or method not in _NO_BODY:
            await open_body(app, ctx, body_source, receive)
        await _respond(app, ctx, pipeline(app, ctx), method, receive, send)
    finally:
        ctx.leave()
        close_body(environ)


async def _respond(app: Any, ctx: RequestContext, steps: Any, method: str, receive: Any, send: Any) -> None:
    """Run a pipeline, on this loop or in the thread pool, and send its response."""
    pool = app.lifecycle.pool(get_running_loop())
    response = await (drive_here if ctx.plan.in_place else drive_hopping)(steps, pool)
    plain = response.plain(method)
    if plain is None:
        await _send_complete(response, ctx.environ, receive, send, pool)
        return
    await send({"type": "http.response.start", "status": response._status_code, "headers": encoded(plain[1])})
    await send({"type": "http.response.body", "body": plain[0]})


def close_body(environ: Any) -> None:
    """Let go of a body that may be on disk, unless a test client keeps its request."""
    body = dict.get(environ, "wsgi.input")
    if body is not None and not dict.__contains__(environ, "werkzeug.debug.preserve_context"):
        body.close()


_encoded_fields: dict[tuple[str, str], tuple[bytes, bytes]] = {}


def encoded(raw: Raw) -> list[tuple[bytes, bytes]]:
    """Header fields as ASGI takes them: bytes, names in lower case."""
    try:
        if len(raw) == 2:  # PERF: most are, and 3.11 calls a function for a comprehension (0.15 us)
            return [_encoded_fields[raw[0]], _encoded_fields[raw[1]]]
    except KeyError:
        pass
    known = _encoded_fields.get
    return [known(field) or _encoded_field(field) for field in raw]


def _encoded_field(field: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = field
    made = encoded_name(name), value.encode("latin-1")
    if name in _FEW_VALUES and len(_encoded_fields) < 1024:
        _encoded_fields[field] = made
    return made


# The body of the request.


async def open_body(app: Any, ctx: RequestContext, source_of: Any, end: Any) -> None:
    """Put the body where the request reads it: whole, as a stream, or refused.

    :param source_of: Makes of ``end``, the server's, a function that returns the next chunk.
    """
    environ = ctx.environ
    limit = ctx.request.max_content_length
    length = ctx.request.content_length
    if length is not None and limit is not None and length > limit:
        environ["wsgi.input"] = RefusedBody(too_large(limit))
        return
    source = source_of(end)
    if ctx.plan.stream:
        environ["wsgi.input"] = StreamedBody(source, limit, length)
    else:
        environ["wsgi.input"] = await collect(source, limit, length, app.config["BODY_SPOOL_SIZE"])


def body_source(receive: Any) -> Any:
    """The chunks of an ASGI body; a disconnect before the end raises."""
    more = True

    async def source() -> bytes:
        nonlocal more
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                more = False
                raise truncated()
            more = message.get("more_body", False)
            body: bytes = message.get("body", b"")
            if body:
                return body
        return b""

    return source


# Responses that are not one piece of bytes.


async def _send_complete(response: Any, environ: Any, receive: Any, send: Any, pool: Any) -> None:
    """Send a response by Werkzeug's complete path: streams, files, body-less statuses."""
    body, status, headers = response.emit(environ)
    if isinstance(body, (list, tuple)):
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": encoded(headers)})
        await send({"type": "http.response.body", "body": b"".join(body)})
        return
    parts: Any = body if isinstance(body, AsyncBody) else InThread(body, pool, response)
    await stream(receive, send, int(status[:3]), headers, parts)


async def stream(receive: Any, send: Any, code: int, headers: Any, parts: Any) -> None:
    """Send a body in parts, until its end or until the client has gone; then close it."""
    try:
        await send({"type": "http.response.start", "status": code, "headers": encoded(headers)})
        await until_gone(_send_parts(parts, send), _disconnected(receive))
    finally:
        await parts.aclose()


async def until_gone(sending: Awaitable[None], gone: Awaitable[Any]) -> None:
    """Wait for ``sending``, or for ``gone``; what is left of the two is cancelled."""
    # A task each, so that a generator that waits for what never comes ends when its client goes.
    tasks = asyncio.ensure_future(sending), asyncio.ensure_future(gone)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()  # an error on the way must not look like the end
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _send_parts(parts: Any, send: Any) -> None:
    try:
        async for part in parts:
            if part:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                # Sending to a client that has gone does not wait: without this, a body that does
                # not wait either would never hear of it.
                await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})
    except ClientGone:
        return


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


_END = object()


class InThread:
    """A sync body for a loop: each part is made in the thread pool, in the request's context.

    :param response: Whose body it is, if it is one of ours: it knows the context its view ran in.
        Of a file many parts are taken with each hop: they are there, nobody waits for the next one.
    """

    def __init__(self, body: Any, pool: Any, response: Any = None) -> None:
        self._body = body
        self._advance = _take if response is not None and response.direct_passthrough else _next
        self._iterator = iter(body)
        self._pool = pool
        self._context = copy_context() if response is None else response.body_context
        self._busy: asyncio.Future[Any] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        step: asyncio.Future[Any] = self._pool.run(self._context, self._advance, self._iterator)
        self._busy = step
        part = await asyncio.shield(step)
        self._busy = None
        if part is _END:
            raise StopAsyncIteration
        return part  # type: ignore[no-any-return]

    async def aclose(self) -> None:
        """Close the body, after the step that may still be running in a thread."""
        if self._busy is not None:
            await asyncio.wait((self._busy,))
            self._busy = None
        close = getattr(self._body, "close", None)
        if close is not None:
            await self._pool.run(self._context, lambda _: close(), None)


def _next(iterator: Any) -> Any:
    return next(iterator, _END)


def _take(iterator: Any) -> Any:
    """About 256 KB of parts as one."""
    parts: list[bytes] = []
    size = 0
    for part in iterator:
        parts.append(part)
        size += len(part)
        if size >= 256 * 1024:
            break
    return b"".join(parts) or _END
