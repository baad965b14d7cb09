"""THE HOT PATH: a request from its route to its response, once, top to bottom.

Everything here is a generator that yields the awaitables it meets and is sent their results (see
``waiting``), so the same lines serve ``def`` and ``async def`` under every protocol. A step that
Flask lets an application override is inlined unless ``app._custom`` names it; then the method is
called. This module must not know servers or protocols.
"""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import HTTPException

from demijohn.contexts.context import UNSET, RequestContext
from demijohn.dispatch.failure import exception, user_exception
from demijohn.dispatch.finish import HTML, finalize, http_response, make_response, save_session
from demijohn.signals import (
    appcontext_tearing_down, request_finished, request_started, request_tearing_down, sending,
    websocket_finished, websocket_started,
)  # fmt: skip
from demijohn.waiting.steps import Steps
from demijohn.dispatch.teardown import end
from demijohn.wrappers.response import Response


def pipeline(
    app: Any,
    ctx: RequestContext,
    *,
    inner: bool = False,
    returned: Any = UNSET,
    raised: Exception | None = None,
) -> Steps[Response]:
    """A request whose context is current, from hooks to teardown: its response.

    An error that the application wants propagated is raised after the teardown. Longer than functions
    are here, because the order in which things happen is what it shows.

    :param inner: Only what ``Flask.full_dispatch_request`` does: no last resort, no teardown.
    :param returned: What the view returned, when the short way has called it already.
    :param raised: What it raised then.
    """
    plan = ctx.plan
    custom = app._custom
    try:
        if not inner:
            if app._eager_session and ctx._session is None:
                ctx.open_session()
            if custom and "full_dispatch_request" in custom:
                response = app.full_dispatch_request()
                if hasattr(response.__class__, "__await__"):
                    response = yield response
                return response  # type: ignore[no-any-return]
        if not app._got_first_request:
            app._got_first_request = True
        try:
            if request_started.receivers:
                yield from sending(request_started, app)
            rv: Any = returned
            if raised is not None:
                raise raised
            if rv is not UNSET:
                pass
            elif custom and "preprocess_request" in custom:
                rv = app.preprocess_request()
                if hasattr(rv.__class__, "__await__"):
                    rv = yield rv
            elif plan.hooks:
                rv = yield from preprocess(app, ctx)
            if rv is UNSET or (rv is None and returned is UNSET):
                if custom and "dispatch_request" in custom:
                    rv = app.dispatch_request()
                elif plan.view is None:
                    rv = dispatch(app, ctx)
                else:
                    rv = plan.view(**ctx.request.view_args)
            kind = rv.__class__
            if kind is not str and kind is not dict and hasattr(kind, "__await__"):
                rv = yield rv
        except Exception as e:
            if custom and "handle_user_exception" in custom:
                rv = app.handle_user_exception(e)
                if hasattr(rv.__class__, "__await__"):
                    rv = yield rv
            elif app._answers_itself(e):
                rv = e  # PERF: an HTTP error without a handler, 1 us less
            else:
                rv = yield from user_exception(app, ctx, e)
        if custom and "finalize_request" in custom:
            return app.finalize_request(rv)  # type: ignore[no-any-return]
        if (
            app._plain_responses
            and not plan.after
            and not custom
            and not ctx._after_request_functions
            and not request_finished.receivers
        ):
            # PERF: what finalize would do, without two more generators (0.5 us).
            if rv.__class__ is str:
                text: Any = rv
                response = Response.of_bytes(text.encode(), 200, "200 OK", [HTML])
            else:
                response = make_response(app, ctx, rv)
            if ctx._session is not None or app._always_save_session:
                saved = save_session(app, ctx, response)
                if saved is not None and hasattr(saved.__class__, "__await__"):
                    yield saved
            return response  # type: ignore[no-any-return]
        return (yield from finalize(app, ctx, rv))
    except Exception as e:
        if inner:
            raise
        ctx.error = e
        if custom and "handle_exception" in custom:
            response = app.handle_exception(e)
            if hasattr(response.__class__, "__await__"):
                response = yield response
            return response  # type: ignore[no-any-return]
        return (yield from exception(app, ctx, e))
    except BaseException as e:
        ctx.error = e
        raise
    finally:
        rv = raised = None  # an error that is returned must not be reachable from its own frame
        if not inner:
            if (
                plan.tears_down
                or app._watched
                or ctx.holds
                or request_tearing_down.receivers
                or appcontext_tearing_down.receivers
            ):
                yield from end(app, ctx)
            elif ctx._request is not None and "files" in ctx._request.__dict__:
                ctx._request.close()


def preprocess(app: Any, ctx: RequestContext) -> Steps[Any]:
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
            return rv
    return None


def dispatch(app: Any, ctx: RequestContext) -> Any:
    """What the view returns, which may be an awaitable; a routing error is raised.

    The complete form, for routes that answer OPTIONS by themselves and for requests without one.
    """
    request = ctx.request
    if request.routing_exception is not None:
        return app.raise_routing_exception(request)
    plan = ctx.plan
    if plan.answers_options:
        return app.make_default_options_response()
    if plan.view is None:
        raise KeyError(
            f"The endpoint {request.endpoint!r} of the rule {request.url_rule!s} has no view function:"
            " pass view_func to add_url_rule, or use the endpoint decorator."
        )
    return plan.view(**request.view_args)


# The short way: requests with nothing around their view, which are most of those that count.

#: Status code, status line, header fields and body, ready to be sent.
Wire = tuple[int, str, list[tuple[str, str]], bytes]


def conclude(app: Any, ctx: RequestContext, rv: Any) -> Any:
    """What follows a view that was called directly: a :data:`Wire`, or the pipeline that is left.

    Only where ``plan.express`` and ``app._express`` hold and no signal is listened to.

    PERF: without generators, and for text and JSON without a response object (1.8 us).
    """
    if (
        ctx._after_request_functions is not None
        or ctx.holds
        # Files that were uploaded are closed at the end.
        or (ctx._request is not None and ctx._request.__dict__.get("files"))
    ):
        return pipeline(app, ctx, returned=rv)
    kind = rv.__class__
    try:
        if kind is str:
            content_type = HTML
            body = rv.encode()
        elif (kind is dict or kind is list) and app._plain_json:
            content_type = ("Content-Type", app.json.mimetype)
            body = app.json.body(rv, app.config["DEBUG"])
        else:
            return pipeline(app, ctx, returned=rv)
        size = len(body)
        raw = [content_type, _lengths.get(size) or _length(size)]
        session = ctx._session
        if session is not None:
            fields = None if app._session_fields is None else app._session_fields(app, session)
            if fields is not None:
                raw += fields
            else:
                response = Response.of_parts(body, raw)
                saved = save_session(app, ctx, response)
                if saved is not None:
                    return pipeline_end(response, saved)
                raw = response.raw_headers
    except Exception as e:
        return pipeline(app, ctx, raised=e)
    return 200, "200 OK", raw, body


_lengths: dict[int, tuple[str, str]] = {}


def _length(size: int) -> tuple[str, str]:
    """The Content-Length of a body; PERF: kept for sizes that will return (0.1 us)."""
    field = "Content-Length", str(size)
    if size < 8192:
        _lengths[size] = field
    return field


def pipeline_end(response: Response, saved: Any) -> Steps[Response]:
    """What is left when only the saving of the session has to be waited for."""
    if hasattr(saved.__class__, "__await__"):
        yield saved
    return response


def conclude_error(app: Any, ctx: RequestContext, e: Exception) -> Any:
    """:func:`conclude` for what the view or the routing raised."""
    if (
        ctx._session is None
        and ctx._after_request_functions is None
        and not (ctx._request is not None and ctx._request.__dict__.get("files"))
        and isinstance(e, HTTPException)
        and app._answers_itself(e)
    ):
        response: Any = http_response(app, ctx, e)
        # Not plain: a redirect, whose Location needs a second look, or what an error brought along.
        plain = response.plain("GET") if type(response) is Response else None
        if plain is not None:
            e.__traceback__ = None  # nobody will read it, and its frames lead back to the request
            return response._status_code, response._status, plain[1], plain[0]
    return pipeline(app, ctx, raised=e)


# WebSockets: the same hooks, around a handler that stays.


def websocket_before(app: Any, ctx: RequestContext) -> Steps[Any]:
    """What runs before the handler: a value other than None refuses the handshake."""
    if app._eager_session and ctx._session is None:
        ctx.open_session()
    if ctx.request.routing_exception is not None:
        raise ctx.request.routing_exception
    if websocket_started.receivers:
        yield from sending(websocket_started, app)
    return (yield from preprocess(app, ctx))


def websocket_after(app: Any, ctx: RequestContext) -> Steps[None]:
    """What runs after the handler, when there is no response."""
    for after in ctx.plan.after:
        rv = after(None)
        if hasattr(rv.__class__, "__await__"):
            yield rv
    if websocket_finished.receivers:
        yield from sending(websocket_finished, app, response=None)
