"""The end of a request: teardown functions, all of them, whatever happened.

Generators of steps, as the pipeline. This module must not know how the response was made.
"""

from __future__ import annotations

from typing import Any

from demijohn.contexts.context import RequestContext
from demijohn.signals import (
    appcontext_popped, appcontext_tearing_down, request_tearing_down, send_signal, sending, websocket_tearing_down,
)  # fmt: skip
from demijohn.waiting.steps import Steps


def end(app: Any, ctx: RequestContext) -> Steps[None]:
    """Tear the request down, unless a streamed body goes on with it."""
    keep = ctx.environ.get("werkzeug.debug.preserve_context")
    if keep is not None:
        keep(ctx)
    if ctx.holds:
        if app.before_idle_funcs:
            yield from before_idle(app)
        ctx.ended = True  # stream_with_context tears down at the end of the stream
        return
    error = ctx.error
    yield from teardown(app, ctx, None if app.should_ignore_error(error) else error)


def teardown(app: Any, ctx: RequestContext, exc: BaseException | None) -> Steps[None]:
    """Run every teardown function, even when one raises.

    :raises Exception: the first error of a teardown function, in testing; else it is logged.
    """
    errors: list[BaseException] = []
    if "do_teardown_request" in app._custom:
        yield from _guarded(app.do_teardown_request, exc, errors)
    else:
        yield from teardown_request(app, ctx, exc, errors)
    if ctx._request is not None:
        try:
            ctx._request.close()
        except Exception as e:
            errors.append(e)
    if ctx._scope is None:
        if "do_teardown_appcontext" in app._custom:
            yield from _guarded(app.do_teardown_appcontext, exc, errors)
        else:
            yield from teardown_appcontext(app, ctx.plan.appcontext_teardown, exc, errors)
    report(app, errors)


def teardown_request(
    app: Any, ctx: RequestContext, exc: BaseException | None, errors: list[BaseException]
) -> Steps[None]:
    """The teardown functions of the request, then their signal."""
    for function in ctx.plan.teardown:
        yield from _guarded(function, exc, errors)
    if request_tearing_down.receivers:
        yield from sending(request_tearing_down, app, exc=exc)


def teardown_appcontext(
    app: Any, functions: Any, exc: BaseException | None, errors: list[BaseException]
) -> Steps[None]:
    """The teardown functions of the application context, then their signal."""
    for function in functions:
        yield from _guarded(function, exc, errors)
    if appcontext_tearing_down.receivers:
        yield from sending(appcontext_tearing_down, app, exc=exc)


def teardown_websocket(app: Any, ctx: RequestContext) -> Steps[None]:
    """Every teardown function of the WebSocket, then of the application context."""
    errors: list[BaseException] = []
    for function in ctx.plan.teardown:
        yield from _guarded(function, ctx.error, errors)
    if websocket_tearing_down.receivers:
        yield from sending(websocket_tearing_down, app, exc=ctx.error)
    yield from teardown_appcontext(app, ctx.plan.appcontext_teardown, ctx.error, errors)
    _raise_cancellation(errors)
    for e in errors:
        app.logger.error("A teardown function raised; the others were run", exc_info=e)
    errors.clear()


def before_idle(app: Any) -> Steps[None]:
    """Run what gives things back while the client is waited for; errors are logged."""
    for function in app.before_idle_funcs:
        try:
            rv = function()
            if hasattr(rv.__class__, "__await__"):
                yield rv
        except Exception:
            app.logger.exception("The before_idle function %r failed", function)


def _guarded(function: Any, exc: BaseException | None, errors: list[BaseException]) -> Steps[None]:
    try:
        rv = function(exc)
        if hasattr(rv.__class__, "__await__"):
            yield rv
    except GeneratorExit:
        raise  # nothing can be waited for any more
    except BaseException as e:  # a cancellation too lets the others run
        errors.append(e)


def _raise_cancellation(errors: list[BaseException]) -> None:
    for e in errors:
        if not isinstance(e, Exception):
            errors.clear()
            raise e


def report(app: Any, errors: list[BaseException]) -> None:
    """Log the errors of teardown functions, or raise the first where errors shall propagate."""
    if not errors:
        return
    _raise_cancellation(errors)
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if app.testing if propagate is None else propagate:
        try:
            raise errors[0]
        finally:
            errors.clear()  # an exception must not be reachable from its own frame
    for e in errors:
        app.logger.error("A teardown function raised; the others were run", exc_info=e)
    errors.clear()


def popped(app: Any, ctx: RequestContext) -> None:
    """Tell that the context is gone, and break the cycle an error on it would keep."""
    ctx.error = None
    if ctx._scope is None and appcontext_popped.receivers:
        send_signal(appcontext_popped, app)
