"""From an error to what answers it: error handlers, the last resort of a 500.

Generators of steps, as the pipeline. This module must not know where the error came from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from demijohn.contexts.context import RequestContext
from demijohn.dispatch.answering import ANSWERED_BY
from demijohn.dispatch.fields import protect
from demijohn.dispatch.ports import Application
from demijohn.signals import got_request_exception, sending
from demijohn.waiting.callables import is_async
from demijohn.waiting.steps import HOP, Steps, is_awaitable


def answers_itself(app: Application, e: HTTPException) -> bool:
    """Whether an HTTP error is answered by its own page, because no handler could change that.

    Only for applications that override neither of the steps below.
    """
    return (
        not app.error_handler_spec
        and not app.handler_finders
        and not isinstance(e, BadRequestKeyError)
        and not app.trap_http_exception(e)
    )


def user_exception(app: Application, ctx: RequestContext, e: Exception) -> Steps[Any]:
    """What the error handler registered for ``e`` returns; ``e`` again when there is none."""
    if isinstance(e, HTTPException):
        if isinstance(e, BadRequestKeyError) and (
            ctx.way.policy.explained_errors or app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            e.show_exception = True  # name the field that is missing
        if not app.trap_http_exception(e):
            return (yield from ctx.way.http_exception(app, ctx, e))
    handler = app.find_error_handler(e, ctx.request.blueprints)
    if handler is None:
        raise e
    return (yield from call_handler(app, ctx, handler, e))


def http_exception(app: Application, ctx: RequestContext, e: HTTPException) -> Steps[Any]:
    """What the error handler registered for an HTTP error returns; ``e`` when there is none."""
    # An exception without a code is a response in disguise; routing's own are never handled.
    if e.code is None or isinstance(e, RoutingException):
        return e
    if not app.error_handler_spec and not app.handler_finders:
        return e
    handler = app.find_error_handler(e, ctx.request.blueprints)
    if handler is None:
        return e
    return (yield from call_handler(app, ctx, handler, e))


def call_handler(
    app: Application, ctx: RequestContext, handler: Callable[..., Any], e: Exception
) -> Steps[Any]:
    """Call an error handler, off the loop unless it is async."""
    ctx.__dict__[ANSWERED_BY] = "error handler", handler
    sync = ctx.way.sync
    if sync is not None:
        handler = sync(app, handler)
        yield HOP
    elif not is_async(handler):
        yield HOP
    rv = handler(e)
    return (yield rv) if is_awaitable(rv) else rv


def exception(app: Application, ctx: RequestContext, e: Exception) -> Steps[Any]:
    """An error nobody handled: logged and answered with 500, or raised when it shall propagate."""
    if got_request_exception.receivers:
        yield from sending(got_request_exception, app, exception=e)
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if propagate is None:
        propagate = app.testing or app.debug
    if propagate:
        if app.debug_page is not None and app.debug and not app.testing:
            app.log_exception((type(e), e, e.__traceback__))
            yield HOP  # it asks values for their texts
            page = app.debug_page(app, ctx, e)
            if ctx.plan.protects:
                protect(ctx, page)
            return page
        raise e
    app.log_exception((type(e), e, e.__traceback__))
    return (yield from internal_error(app, ctx, e))


def internal_error(app: Application, ctx: RequestContext, e: Exception) -> Steps[Any]:
    """The answer to an error nobody handled: what the handler of 500 returns, else a plain page."""
    error: Any = InternalServerError(original_exception=e)
    handler = app.find_error_handler(error, ctx.request.blueprints)
    if handler is not None:
        error = yield from call_handler(app, ctx, handler, error)
    return (yield from ctx.way.finalize(app, ctx, error, from_error_handler=True))
