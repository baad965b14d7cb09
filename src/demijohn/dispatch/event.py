"""An event of a connection that stays open: a handler in a context of its own, torn down also when it raises.

For extensions that speak a protocol of their own, by ``demijohn.extend``. The hooks around requests do not run;
the teardown functions do. This module must not know what the event is about.
"""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Callable
from typing import Any, Protocol

from demijohn.contexts.context import RequestContext
from demijohn.contexts.way import Plan, Way
from demijohn.dispatch.plan import make_plan
from demijohn.dispatch import ports
from demijohn.dispatch.teardown import tear_down
from demijohn.setup.lifecycle import Lifecycle
from demijohn.sessions.session import SessionMixin
from demijohn.waiting.callables import is_async
from demijohn.waiting.loops import drive_here, drive_hopping
from demijohn.waiting.pool import ThreadPool
from demijohn.waiting.steps import Steps
from demijohn.wrappers.request import Request

__all__ = ["serve_event"]


class Application(ports.Application, Protocol):
    """An application that can be served."""

    lifecycle: Lifecycle


async def serve_event(
    app: Application,
    request: Request,
    function: Callable[..., Any],
    *args: Any,
    session: SessionMixin | None = None,
) -> Any:
    """Call ``function(*args)`` as the handler of an event: async on this loop, sync in a thread.

    :param request: What is current as the request.
    :param session: What is current as the session; else the request's is opened when it is asked for.
    :returns: What the function returned, awaited if it has to be.
    """
    lifecycle = app.lifecycle
    if not lifecycle.started:
        await lifecycle.enter(get_running_loop())
    way = app._way or app.settle()
    ctx = RequestContext(app, request.environ, request, session)
    ctx.plan = plan = way.plans.get(id(None)) or _plan(app, way)
    ctx.begin()
    try:
        pool = lifecycle.pool(get_running_loop())
        if not is_async(function):
            return await drive_hopping(_steps(app, ctx, function, args), pool)
        if not plan.tears_down:
            # PERF: nothing to do at its end, as in most applications (1 us).
            return await function(*args)
        driver = drive_here if plan.on_loop else _drive_apart
        return await driver(_steps(app, ctx, function, args), pool.steps)
    finally:
        ctx.leave()


def _plan(app: Application, way: Way) -> Plan:
    """The plan of what has no rule, which has the application's own teardown functions."""
    return way.plans.setdefault(id(None), make_plan(app, way, None))


async def _drive_apart(steps: Steps[Any], pool: ThreadPool) -> Any:
    """Run an async handler here, and what follows it, which may block, in a thread."""
    handler = steps.send(None)
    try:
        value = await handler
    except BaseException as e:
        return await drive_hopping(_resumed(steps, None, e), pool)
    return await drive_hopping(_resumed(steps, value, None), pool)


def _resumed(steps: Steps[Any], value: object, error: BaseException | None) -> Steps[Any]:
    """Steps that go on from where they were, with what was awaited for them."""
    try:
        wanted = steps.send(value) if error is None else steps.throw(error)
        while True:
            try:
                result = yield wanted
            except BaseException as e:
                wanted = steps.throw(e)
            else:
                wanted = steps.send(result)
    except StopIteration as stop:
        return stop.value


def _steps(
    app: Application, ctx: RequestContext, function: Callable[..., Any], args: tuple[Any, ...]
) -> Steps[Any]:
    error: BaseException | None = None
    try:
        rv = function(*args)
        return (yield rv) if hasattr(rv.__class__, "__await__") else rv
    except BaseException as e:
        error = e
        raise
    finally:
        yield from tear_down(app, ctx, error)
        error = None  # or its traceback keeps a cycle through this frame
