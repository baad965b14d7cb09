"""The end of a request: teardown functions, all of them, whatever happened.

Generators of steps, as the pipeline. This module must not know how the response was made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demijohn.contexts.context import AppContext, RequestContext
from demijohn.contexts.life import ENDED, LIFE
from demijohn.dispatch.ports import Application
from demijohn.signals import appcontext_tearing_down, request_tearing_down, sending, websocket_tearing_down
from demijohn.waiting.steps import Steps, is_awaitable

Errors = list[BaseException]


def end(app: Application, ctx: RequestContext) -> Steps[None]:
    """The second half of a request: tear it down, unless a streamed body goes on with it."""
    way = ctx.way
    if way.watched or way.wrapped:  # only a test client, or Werkzeug's debugger around us, keeps contexts
        keep = ctx.environ.get("werkzeug.debug.preserve_context")
        if keep is not None:
            keep(ctx)
    ctx.state = state = LIFE[ctx.state, "answered"]
    if state is ENDED:
        error = ctx.error
        return tear_down(app, ctx, None if app.should_ignore_error(error) else error)
    return before_idle(app)


def tear_down(app: Application, ctx: AppContext, exc: BaseException | None) -> Steps[None]:
    """Run every teardown function of a request's or an application's context, even when one raises.

    :raises Exception: the first error of a teardown function, in testing; else it is logged.
    """
    errors: Errors = []
    if isinstance(ctx, RequestContext):
        way = ctx.way
        step = way.teardown_request
        yield from step(app, ctx, exc, errors)
        if ctx._request is not None:
            try:
                ctx._request.close()
            except Exception as e:
                errors.append(e)
    else:
        way = ctx.settled()
    if ctx._scope is None and (way.ends_appcontext or appcontext_tearing_down.receivers):
        step = way.teardown_appcontext
        yield from step(app, ctx, exc, errors)
    if errors:
        report(app, errors)


def teardown_request(
    app: Application, ctx: RequestContext, exc: BaseException | None, errors: Errors
) -> Steps[None]:
    """The teardown functions of the request, then their signal."""
    for function in ctx.plan.teardown:
        yield from guarded(function, exc, errors)
    if request_tearing_down.receivers:
        yield from sending(request_tearing_down, app, exc=exc)


def teardown_appcontext(
    app: Application, ctx: AppContext, exc: BaseException | None, errors: Errors
) -> Steps[None]:
    """The teardown functions of the application context, then their signal."""
    for function in ctx.settled().appcontext_teardown:
        yield from guarded(function, exc, errors)
    if appcontext_tearing_down.receivers:
        yield from sending(appcontext_tearing_down, app, exc=exc)


def teardown_websocket(app: Application, ctx: RequestContext) -> Steps[None]:
    """Every teardown function of the WebSocket, then of the application context."""
    errors: Errors = []
    for function in ctx.plan.teardown:
        yield from guarded(function, ctx.error, errors)
    if websocket_tearing_down.receivers:
        yield from sending(websocket_tearing_down, app, exc=ctx.error)
    yield from teardown_appcontext(app, ctx, ctx.error, errors)
    _raise_cancellation(errors)
    _log(app, errors)


def before_idle(app: Application) -> Steps[None]:
    """Run what gives things back while the client is waited for; errors are logged."""
    for function in app.before_idle_funcs:
        try:
            rv = function()
            if is_awaitable(rv):
                yield rv
        except Exception:
            app.logger.exception("The before_idle function %r failed", function)


def guarded(function: Callable[..., Any], exc: BaseException | None, errors: Errors) -> Steps[None]:
    """Call a teardown function, and keep what it raises, so that the others run too."""
    try:
        rv = function(exc)
        if hasattr(rv.__class__, "__await__"):
            yield rv
    except GeneratorExit:
        raise  # nothing can be waited for any more
    except BaseException as e:  # a cancellation too lets the others run
        errors.append(e)


def guarded_method(name: str) -> Callable[..., Steps[None]]:
    """The step that calls the application's own method of this name, as a teardown function is called."""

    def step(app: Application, _: Any, exc: BaseException | None, errors: Errors) -> Steps[None]:
        return guarded(getattr(app, name), exc, errors)

    return step


def _raise_cancellation(errors: Errors) -> None:
    for e in errors:
        if not isinstance(e, Exception):
            errors.clear()
            raise e


def report(app: Application, errors: Errors) -> None:
    """Log the errors of teardown functions, or raise the first where errors shall propagate."""
    _raise_cancellation(errors)
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if app.testing if propagate is None else propagate:
        try:
            raise errors[0]
        finally:
            errors.clear()  # an exception must not be reachable from its own frame
    _log(app, errors)


def _log(app: Application, errors: Errors) -> None:
    for e in errors:
        app.logger.error("A teardown function raised; the others were run", exc_info=e)
    errors.clear()
