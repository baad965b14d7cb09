"""THE HOT PATH: a request from its route to its end, once, top to bottom.

Two halves, from hooks to response and from response to teardown; what lies around the sending is the
application's policy. Everything here is a generator that yields the awaitables it meets and is sent their
results (``waiting.steps``), so the same lines serve ``def`` and ``async def`` under every protocol. A step
that Flask lets an application override is asked of the way, which knows whether it was; no step looks. This
module must not know servers or protocols.

PERF: a step is taken from its record before it is called, because 3.11 caches a look-up of an attribute, but
not one in a call of what is no method (0.04 us each, 5 % of a request with hooks).
"""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import HTTPException

from demijohn.contexts.context import UNSET, RequestContext
from demijohn.dispatch.answering import ANSWERED_BY
from demijohn.dispatch.failure import answers_itself
from demijohn.dispatch.fields import protect
from demijohn.dispatch.ports import Application
from demijohn.dispatch.teardown import end
from demijohn.signals import (
    appcontext_tearing_down, request_finished, request_started, request_tearing_down, sending, websocket_finished,
    websocket_started,
)  # fmt: skip
from demijohn.waiting.steps import Steps, is_awaitable


def pipeline(
    app: Application,
    ctx: RequestContext,
    server: tuple[Any, Any] | None = None,
    *,
    returned: Any = UNSET,
    raised: Exception | None = None,
) -> Steps[Any]:
    """A request whose context is current and whose route is found: its response, or what sending that gave.

    An error that the application wants propagated is raised after the teardown.

    :param server: Environ and ``start_response``, by which the response, a WSGI application, is sent between the
        two halves, where the policy is to send before the teardown.
    :param returned: What the view returned, when the short way has called it already.
    :param raised: What it raised then.
    """
    way = ctx.way
    try:
        try:
            if way.eager_session and ctx._session is None:
                ctx.open_session()
            if returned is UNSET and raised is None:
                step = way.full_dispatch
                response = yield from step(app, ctx)
            else:
                response = yield from full_dispatch(app, ctx, returned, raised)
        except Exception as e:
            ctx.error = e
            response = yield from way.exception(app, ctx, e)
        except BaseException as e:
            ctx.error = e
            raise
        return response if server is None else response(*server)
    finally:
        raised = returned = None  # an error must not be reachable from its own frame
        # PERF: most requests have nothing to end, and are spared two generators (0.5 us).
        if (
            ctx.plan.tears_down
            or way.watched
            or ctx.holds
            or request_tearing_down.receivers
            or appcontext_tearing_down.receivers
        ):
            yield from end(app, ctx)
        elif ctx._request is not None and "files" in ctx._request.__dict__:
            ctx._request.close()


def full_dispatch(
    app: Application, ctx: RequestContext, returned: Any = UNSET, raised: Exception | None = None
) -> Steps[Any]:
    """The first half: hooks, view, error handlers, hooks; what nobody handled is raised.

    :param returned: See :func:`pipeline`, as ``raised``.
    """
    way = ctx.way
    plan = ctx.plan
    try:
        try:
            if request_started.receivers:
                yield from sending(request_started, app)
            if raised is not None:
                raise raised
            rv = returned
            if rv is UNSET:
                step = plan.preprocess
                rv = None if step is None else (yield from step(app, ctx))
                if rv is None:
                    step = plan.dispatch
                    if step is None:
                        rv = plan.view(**ctx.request.view_args)
                    else:
                        rv = yield from step(app, ctx)
            kind = rv.__class__
            if kind is not str and kind is not dict and hasattr(kind, "__await__"):
                rv = yield rv
        except Exception as e:
            # PERF: an error that nobody handles is spared two generators (0.5 us).
            plain = way.plain_errors and isinstance(e, HTTPException) and answers_itself(app, e)
            rv = e if plain else (yield from way.user_exception(app, ctx, e))
        if (
            plan.processes
            or ctx._session is not None
            or ctx._after_request_functions
            or request_finished.receivers
        ):
            step = way.finalize
            return (yield from step(app, ctx, rv))
        make = way.make_response  # PERF: all that finalize comes to then, without a generator (0.2 us)
        response = make(app, ctx, rv)
        if plan.protects:
            protect(ctx, response)
        return response
    finally:
        rv = returned = raised = None  # an error must not be reachable from its own frame


def preprocess(app: Application, ctx: RequestContext) -> Steps[Any]:
    """The functions that run before the view; the first value that is not None ends the search."""
    plan = ctx.plan
    if plan.url_preprocessors:
        request = ctx.request
        endpoint = request.endpoint
        for prepare in plan.url_preprocessors:
            prepare(endpoint, request.view_args)
    for before in plan.before:
        rv = before()
        if hasattr(rv.__class__, "__await__"):
            rv = yield rv
        if rv is not None:
            ctx.__dict__[ANSWERED_BY] = "before_request function", before
            return rv
    return None


def dispatch(app: Application, ctx: RequestContext) -> Steps[Any]:
    """What the view returns; a routing error is raised.

    The complete form, for routes that answer OPTIONS by themselves and for requests without one.
    """
    request = ctx.request
    if request.routing_exception is not None:
        app.raise_routing_exception(request)
    plan = ctx.plan
    if plan.answers_options:
        return app.make_default_options_response()
    if plan.view is None:
        raise KeyError(
            f"The endpoint {request.endpoint!r} of the rule {request.url_rule!s} has no view function:"
            " pass view_func to add_url_rule, or use the endpoint decorator."
        )
    rv = plan.view(**request.view_args)
    return (yield rv) if is_awaitable(rv) else rv


# WebSockets: the same hooks, around a handler that stays.


def websocket_before(app: Application, ctx: RequestContext) -> Steps[Any]:
    """What runs before the handler: a value other than None refuses the handshake."""
    if ctx.way.eager_session and ctx._session is None:
        ctx.open_session()
    if ctx.request.routing_exception is not None:
        raise ctx.request.routing_exception
    if websocket_started.receivers:
        yield from sending(websocket_started, app)
    return (yield from preprocess(app, ctx))


def websocket_after(app: Application, ctx: RequestContext) -> Steps[None]:
    """What runs after the handler, when there is no response."""
    for after in ctx.plan.after:
        rv = after(None)
        if is_awaitable(rv):
            yield rv
    if websocket_finished.receivers:
        yield from sending(websocket_finished, app, response=None)
