"""A request of an async server in its complete form: its body, its steps, its answer, over any exchange."""

from __future__ import annotations

from asyncio import get_running_loop
from typing import Any

from demijohn import signals
from demijohn.adapters.chain import serve_wrapped
from demijohn.adapters.environ import LazyEnviron
from demijohn.adapters.exchange import Exchange
from demijohn.adapters.parts import InThread
from demijohn.adapters.ports import Application
from demijohn.contexts.context import RequestContext
from demijohn.contexts.request_ids import request_id_of
from demijohn.dispatch.fields import constant_fields
from demijohn.dispatch.matching import find
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.short import Wire, conclude, conclude_error, steps_of
from demijohn.routing.mounted import Mounted
from demijohn.waiting.loops import drive_here, drive_hopping
from demijohn.waiting.steps import Steps
from demijohn.wrappers.body import RefusedBody, StreamedBody, collect, too_large
from demijohn.wrappers.response import AsyncBody

#: Methods whose requests have no body unless they announce one.
NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


async def open_body(app: Application, ctx: RequestContext, exchange: Exchange) -> None:
    """Put the body where the request reads it: whole, as a stream, or refused."""
    environ = ctx.environ
    request = ctx.request
    limit = request.max_content_length
    length = request.content_length
    if length is not None and limit is not None and length > limit:
        environ["wsgi.input"] = RefusedBody(too_large(limit))
    elif ctx.plan.stream:
        environ["wsgi.input"] = StreamedBody(exchange.chunk, limit, length)
    else:
        way = ctx.way
        environ["wsgi.input"] = await collect(exchange.chunk, limit, length, way.spool_size, way.spool_folder)


def close_body(environ: LazyEnviron) -> None:
    """Let go of a body that may be on disk, unless a test client keeps its request."""
    body = dict.get(environ, "wsgi.input")
    if body is not None and not dict.__contains__(environ, "werkzeug.debug.preserve_context"):
        body.close()


async def serve_complete(app: Application, environ: LazyEnviron, announced: bool, exchange: Exchange) -> None:
    """Answer a request for which all that may be in its way has to be looked at.

    :param announced: Whether its fields announce a body.
    """
    way = app._way or app.settle()
    if way.forward is not None:
        way.forward(environ)
    if way.wrapped and environ["PATH_INFO"] not in way.health:
        await serve_wrapped(app, environ, exchange)
        return
    ctx = app.request_context(environ)
    ctx.begin()
    try:
        method = environ["REQUEST_METHOD"]
        find(app, ctx, environ.get("HTTP_HOST"), environ["PATH_INFO"], method)
        if announced or method not in NO_BODY:
            await open_body(app, ctx, exchange)
        if environ.get("HTTP_X_REQUEST_ID") is not None:
            request_id_of(environ)  # so that the answer says it
        short = ctx.plan.short and method != "HEAD" and not signals.listening
        steps = steps_of(app, ctx) if short else pipeline(app, ctx)
        answer = await respond(app, ctx, steps, method, exchange)
        if answer is not None:
            await exchange.whole(answer[0], answer[2], answer[3])
        return
    except Mounted as reached:
        mount = reached.mount
    finally:
        ctx.leave()
        close_body(environ)
    await exchange.hand_on(app, mount, environ)


async def short_way(app: Application, ctx: RequestContext) -> Any:
    """Call the view with nothing around it: what to send, a tuple, or the steps that are left."""
    error = ctx.routing_exception
    if error is not None:
        return conclude_error(app, ctx, error)
    plan = ctx.plan
    view, arguments = plan.view, ctx.view_args
    try:
        rv = view(**arguments) if arguments else view()
        if plan.awaits or hasattr(rv.__class__, "__await__"):
            rv = await rv
    except Exception as e:
        return conclude_error(app, ctx, e)
    return conclude(app, ctx, rv)


async def respond(
    app: Application, ctx: RequestContext, steps: Steps[Any], method: str, exchange: Exchange
) -> Wire | None:
    """Run the steps of a request, on this loop or in the thread pool: an answer in one piece, which is still to send.

    None when it came in parts, and was sent by ``exchange``. PERF: the caller sends the other, without one more
    coroutine (0.3 us).
    """
    plan = ctx.plan
    pool = app.lifecycle.pool(get_running_loop())
    lane = pool.steps if plan.quick else pool
    response: Any = await (drive_here if plan.on_loop else drive_hopping)(steps, lane)
    if response.__class__ is tuple:  # the short way's
        code, status, fields, data = response
        own = plan.fields  # PERF: constant_fields in place, where the scheme does not matter (0.05 us)
        return code, status, fields + (own.plain if own.secure is None else constant_fields(ctx)), data
    plain = response.plain(method)
    if plain is not None:
        return response._status_code, response._status, plain[1], plain[0]
    # Werkzeug's complete path: streams, files, statuses without a body.
    body, status, fields = response.emit(ctx.environ)
    code = int(status[:3])
    if isinstance(body, (list, tuple)):
        return code, status, fields, b"".join(body)
    await exchange.parts(
        code, fields, body if isinstance(body, AsyncBody) else InThread(body, pool, response)
    )
    return None
