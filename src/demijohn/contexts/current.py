"""What is asked of the current context: whether there is one, work after this request, copies of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from inspect import iscoroutinefunction
from secrets import token_urlsafe
from typing import Any, TypeVar, cast

from demijohn.contexts.context import RequestContext, current
from demijohn.waiting.drivers import running_loop

F = TypeVar("F", bound=Callable[..., Any])


def has_app_context() -> bool:
    """Whether an application is current, so that ``current_app`` and ``g`` can be used."""
    return current.get(None) is not None


def has_request_context() -> bool:
    """Whether a request is current, so that ``request`` and ``session`` can be used."""
    return isinstance(current.get(None), RequestContext)


def _request_context(user: str) -> RequestContext:
    ctx = current.get(None)
    if not isinstance(ctx, RequestContext):
        raise RuntimeError(
            f"'{user}' can only be used when a request context is active, such as in a view function."
        )
    return ctx


def after_this_request(f: F) -> F:
    """Run ``f(response)`` after this request only; it returns the response or another one.

    :raises RuntimeError: outside of a request.
    """
    ctx = _request_context("after_this_request")
    if ctx._after_request_functions is None:
        ctx._after_request_functions = [f]
    else:
        ctx._after_request_functions.append(f)
    return f


def csp_nonce() -> str:
    """The nonce of this request's Content-Security-Policy: the same for the whole answer, and new for each.

    It goes into the page, ``<script nonce="{{ csp_nonce() }}">``, and into the header field where the setting
    ``CSP`` has the source ``'nonce'``.

    :raises RuntimeError: outside of a request.
    """
    return nonce_of(_request_context("csp_nonce"))


def nonce_of(ctx: RequestContext) -> str:
    """The nonce of a request's answer, made when first asked for."""
    if ctx.nonce is None:
        ctx.nonce = token_urlsafe(18)
        if ctx._after_request_functions is None:
            ctx._after_request_functions = []  # the short way is closed: the answer is not as all are
    return ctx.nonce


async def _run_inside(ctx: RequestContext, work: Any) -> Any:
    """Await ``work`` in a context of its own, which is torn down after it."""
    error: BaseException | None = None
    ctx.push()
    try:
        return await work
    except BaseException as e:
        error = e
        raise
    finally:
        await ctx.apop(error)
        error = None  # or its traceback keeps a cycle through this frame


def copy_current_request_context(f: F) -> F:
    """Make ``f`` run inside a copy of the request context that is current now.

    For work handed to a thread or task that outlives the request. The copy shares the request and
    the session; its teardown runs when ``f`` ends. Each call has a copy of its own, so that several
    may run at once.

    :raises RuntimeError: outside of a request.
    """
    original = _request_context("copy_current_request_context").copy()

    def run(*args: Any, **kwargs: Any) -> Any:
        ctx = original.copy()
        if running_loop() is not None and iscoroutinefunction(f):
            return _run_inside(ctx, f(*args, **kwargs))
        with ctx:
            return ctx.app.ensure_sync(f)(*args, **kwargs)

    return cast(F, update_wrapper(run, f))
