"""The application as an ASGI application: HTTP, WebSocket and lifespan scopes.

A request whose code is all async is handled in place, without a task; any other takes one hop to
the thread pool, hooks to teardown. The body is read before the view starts, unless its route asks
for the stream.
"""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Awaitable
from contextvars import copy_context
from typing import Any


from demijohn import signals
from demijohn.adapters.environ import ScopeEnviron
from demijohn.adapters.lifespan import serve_lifespan
from demijohn.adapters.websocket import serve_websocket
from demijohn.wrappers.body import RefusedBody, StreamedBody, collect, too_large, truncated
from demijohn.context import RequestContext
from demijohn.dispatch import conclude, conclude_error, pipeline
from demijohn.matching import match
from demijohn.http.headers import encoded_name
from demijohn.wrappers.response import AsyncBody, Raw
from demijohn.waiting import drive_here, drive_hopping

#: How servers say on ``send`` that the client has gone (ASGI 2.4).
ClientGone = OSError

_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def serve(app: Any, scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    """Serve one ASGI scope."""
    kind = scope["type"]
    if kind == "http":
        return serve_http(app, scope, receive, send)
    if kind == "websocket":
        return serve_websocket(app, scope, receive, send)
    if kind == "lifespan":
        return serve_lifespan(app, receive, send)
    raise ValueError(f"The ASGI scope type {kind!r} is not known: http, websocket and lifespan are.")


async def serve_http(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Answer one HTTP request."""
    loop = get_running_loop()
    if app._loop is not loop:
        await app.lifecycle.enter(loop)
    environ = ScopeEnviron(scope)
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
        if method not in _NO_BODY or environ.announces_body():
            await _open_body(app, ctx, environ, receive)
        outcome = await run(app, ctx, method)
        if outcome.__class__ is tuple:
            code, _, raw, data = outcome
        else:
            plain = outcome.plain(method)
            if plain is None:
                await _send_complete(outcome, environ, receive, send, app.lifecycle.pool(loop))
                return
            code = outcome._status_code
            data, raw = plain
        await send({"type": "http.response.start", "status": code, "headers": encoded(raw)})
        await send({"type": "http.response.body", "body": data})
    finally:
        ctx.leave()
        close_body(environ)


def close_body(environ: Any) -> None:
    """Let go of a body that may be on disk, unless a test client keeps its request."""
    body = dict.get(environ, "wsgi.input")
    if body is not None and not dict.__contains__(environ, "werkzeug.debug.preserve_context"):
        body.close()


async def run(app: Any, ctx: RequestContext, method: str) -> Any:
    """The response of a matched request, or its parts; run where its plan says."""
    plan = ctx.plan
    if not plan.in_place:
        return await drive_hopping(pipeline(app, ctx), app.lifecycle.pool(get_running_loop()))
    if plan.express and app._express and method != "HEAD" and not signals.listening:
        outcome: Any = None
        request = ctx.request
        error = request.routing_exception
        if error is None:
            try:
                rv = plan.view(**request.view_args)
                if hasattr(rv.__class__, "__await__"):
                    rv = await rv
            except Exception as e:
                error = e
            else:
                outcome = conclude(app, ctx, rv)
        if error is not None:
            outcome = conclude_error(app, ctx, error)
            error = None  # or its traceback keeps a cycle through this frame
        if outcome.__class__ is tuple:
            return outcome
    else:
        outcome = pipeline(app, ctx)
    return await drive_here(outcome, app.lifecycle.pool(get_running_loop()))


_encoded_values: dict[str, bytes] = {}


def encoded(raw: Raw) -> list[tuple[bytes, bytes]]:
    """Header fields as ASGI takes them: bytes, names in lower case."""
    known = _encoded_values
    fields = []
    for name, value in raw:
        data = known.get(value)
        if data is None:
            data = value.encode("latin-1")
            if name == "Content-Type" and len(known) < 64:
                known[value] = data
        fields.append((encoded_name(name), data))
    return fields


# The body of the request.


async def _open_body(app: Any, ctx: RequestContext, environ: ScopeEnviron, receive: Any) -> None:
    """Put the body where the request reads it: whole, as a stream, or refused."""
    limit = ctx.request.max_content_length
    length = ctx.request.content_length
    if length is not None and limit is not None and length > limit:
        environ["wsgi.input"] = RefusedBody(too_large(limit))
        return
    source = body_source(receive)
    if ctx.plan.stream:
        environ["wsgi.input"] = StreamedBody(source, limit)
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
    await send({"type": "http.response.start", "status": int(status[:3]), "headers": encoded(headers)})
    if isinstance(body, (list, tuple)):
        await send({"type": "http.response.body", "body": b"".join(body)})
        return
    parts: Any = body if isinstance(body, AsyncBody) else InThread(body, pool, response)
    # A task each, so that a generator that waits for what never comes ends when its client goes.
    sending = asyncio.ensure_future(_send_parts(parts, send))
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()  # an error on the way must not look like the end
    finally:
        gone.cancel()
        sending.cancel()
        await asyncio.wait((sending, gone))
        await parts.aclose()


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
