"""From an error to what answers it: error handlers, the last resort of a 500.

Generators of steps, as the pipeline. This module must not know where the error came from.
"""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from demijohn.contexts.context import RequestContext
from demijohn.dispatch.finish import finalize
from demijohn.signals import got_request_exception, sending
from demijohn.waiting.steps import HOP, Steps
from demijohn.wrappers.response import Response


def user_exception(app: Any, ctx: RequestContext, e: Exception) -> Steps[Any]:
    """What the error handler registered for ``e`` returns; ``e`` again when there is none."""
    if isinstance(e, HTTPException):
        if isinstance(e, BadRequestKeyError) and (
            app.compat_level is None or app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            e.show_exception = True  # name the field that is missing
        if not app.trap_http_exception(e):
            if "handle_http_exception" in app._custom:
                rv = app.handle_http_exception(e)
                return (yield rv) if hasattr(rv.__class__, "__await__") else rv
            return (yield from http_exception(app, ctx, e))
    handler = app._find_error_handler(e, ctx.request.blueprints)
    if handler is None:
        raise e
    return (yield from call_handler(app, ctx, handler, e))


def http_exception(app: Any, ctx: RequestContext, e: HTTPException) -> Steps[Any]:
    """What the error handler registered for an HTTP error returns; ``e`` when there is none."""
    # An exception without a code is a response in disguise; routing's own are never handled.
    if e.code is None or isinstance(e, RoutingException) or not app.error_handler_spec:
        return e
    handler = app._find_error_handler(e, ctx.request.blueprints)
    if handler is None:
        return e
    return (yield from call_handler(app, ctx, handler, e))


def call_handler(app: Any, ctx: RequestContext, handler: Any, e: Exception) -> Steps[Any]:
    """Call an error handler, off the loop unless it is async."""
    if app._own_sync:
        handler = app.ensure_sync(handler)
        yield HOP
    elif not app._is_async(handler):
        yield HOP
    rv = handler(e)
    if hasattr(rv.__class__, "__await__"):
        rv = yield rv
    return rv


def exception(app: Any, ctx: RequestContext, e: Exception) -> Steps[Response]:
    """An error nobody handled: logged and answered with 500, or raised when it shall propagate."""
    if got_request_exception.receivers:
        yield from sending(got_request_exception, app, exception=e)
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if propagate is None:
        propagate = app.testing or app.debug
    if propagate:
        if app.debug_page is not None and app.debug and not app.testing:
            app.log_exception((type(e), e, e.__traceback__))
            return app.debug_page(app, ctx, e)  # type: ignore[no-any-return]
        raise e
    app.log_exception((type(e), e, e.__traceback__))
    return (yield from internal_error(app, ctx, e))


def internal_error(app: Any, ctx: RequestContext, e: Exception) -> Steps[Response]:
    """The answer to an error nobody handled: what the handler of 500 returns, else a plain page."""
    error: Any = InternalServerError(original_exception=e)
    handler = app._find_error_handler(error, ctx.request.blueprints)
    if handler is not None:
        error = yield from call_handler(app, ctx, handler, error)
    if "finalize_request" in app._custom:
        return app.finalize_request(error, from_error_handler=True)  # type: ignore[no-any-return]
    return (yield from finalize(app, ctx, error, from_error_handler=True))
