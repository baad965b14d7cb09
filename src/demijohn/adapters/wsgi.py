"""The application as a WSGI application (PEP 3333).

Sync code runs where the server called; async code runs on the process's one background loop while
this thread waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from demijohn import signals
from demijohn.adapters.ports import Application
from demijohn.contexts.bare import BareContext
from demijohn.contexts.context import RequestContext, current
from demijohn.contexts.request_ids import request_id_of
from demijohn.dispatch.matching import find
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.short import conclude, conclude_error
from demijohn.later import later
from demijohn.routing.mounted import Mounted
from demijohn.typing import StartResponse
from demijohn.waiting.drivers import drive, wait
from demijohn.wrappers.response import AsyncBody, Response

if TYPE_CHECKING:
    from demijohn.adapters import mounted
else:
    mounted = later("demijohn.adapters.mounted")  # only where something is mounted; asyncio


def serve(
    app: Application, environ: Any, start_response: StartResponse, entered: bool = False
) -> Iterable[bytes]:
    """Answer one request; an error that shall propagate is raised after the teardown.

    Longer than functions are here: what it does in place spares a request four calls.

    :param entered: Whether it has met what a request meets first, ``way.enter``.
    """
    if not app.lifecycle.started:
        app.lifecycle.start_sync()
    way = app._way or app.settle()
    if (way.at_once or (entered and way.bare)) and not signals.listening:
        ctx: RequestContext = BareContext(app, way, environ)
    else:
        if way.enter is not None and not entered:
            answer = way.enter(app, way, environ, start_response)
            if answer is not None:
                return answer
        ctx = app.request_context(environ)
        ctx.begin()
    try:
        method, path, host = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_HOST")
        # PERF: what find does for most requests, without a call (0.1 us).
        methods = way.static_plans.get(path)
        plan = methods.get(method) if methods is not None and host in way.good_hosts else None
        if plan is None or ctx._request is not None:
            find(app, ctx, host, path, method)
            plan = ctx.plan
        else:
            ctx.plan = plan
        if "HTTP_X_REQUEST_ID" in environ:
            request_id_of(environ)  # so that the answer says it
        if plan.short and method != "HEAD" and not signals.listening:
            error = ctx.routing_exception
            try:
                if error is None:
                    view, arguments = plan.view, ctx.view_args
                    outcome = conclude(app, ctx, view(**arguments) if arguments else view())
                else:
                    outcome = conclude_error(app, ctx, error)
            except Exception as e:
                outcome = conclude_error(app, ctx, e)
            if outcome.__class__ is tuple:
                fields = plan.fields
                start_response(
                    outcome[1],
                    outcome[2]
                    + (
                        fields.plain
                        if fields.secure is None or environ["wsgi.url_scheme"] != "https"
                        else fields.secure
                    ),
                )
                return [outcome[3]]
            response = drive(outcome)
        elif way.policy.teardown_before_sending:
            response = drive(pipeline(app, ctx))
        else:
            return _in_context(drive(pipeline(app, ctx, (environ, start_response))), ctx)
        if response.__class__ is Response:
            # PERF: what its __call__ does for a response in one piece, 0.2 us less.
            plain = response.plain(method)
            if plain is not None:
                start_response(response._status, plain[1][:])
                return [plain[0]]
        iterable = response(environ, start_response)
        return iterable if type(iterable) is list else _in_context(iterable, ctx)
    except Mounted as reached:
        mount = reached.mount
    finally:
        if signals.listening:
            ctx.leave()
        else:  # PERF: what leave comes to then, without a call (0.06 us)
            current.reset(ctx._tokens.pop())
            if ctx.error is not None or ctx.routing_exception is not None:
                ctx.forget()
    return mounted.serve_wsgi(app, mount, environ, start_response)


def _in_context(iterable: Any, ctx: RequestContext) -> Iterable[bytes]:
    """A streamed body that sees its request's context, as the view did."""
    if isinstance(iterable, AsyncBody):
        return Streamed(_Waiting(iterable), ctx)
    body: Iterable[bytes] = iterable
    in_one_piece = isinstance(iterable, (list, tuple)) or not getattr(iterable, "__iter__", None)
    if in_one_piece or not ctx.way.policy.streams_in_context:
        return body
    if hasattr(iterable, "filelike") or hasattr(iterable, "file"):
        return body
    return Streamed(iterable, ctx)


class Streamed:
    """Runs each step of an iterable inside a context."""

    def __init__(self, iterable: Any, ctx: RequestContext) -> None:
        self._close = getattr(iterable, "close", None)
        self._iterator: Iterator[bytes] = iter(iterable)
        self._ctx = ctx

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = current.set(self._ctx)
        try:
            return next(self._iterator)
        finally:
            current.reset(token)

    def close(self) -> None:
        """Close the iterable: its ``finally`` blocks run, in the context."""
        if self._close is not None:
            token = current.set(self._ctx)
            try:
                self._close()
            finally:
                current.reset(token)


class _Waiting:
    """An asynchronous body for a thread: waits for each part."""

    def __init__(self, body: AsyncBody) -> None:
        self._body = body
        self._parts = body.__aiter__()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return wait(self._parts.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Close the generator on its loop, then the response."""
        close = getattr(self._parts, "aclose", None)
        if close is not None:
            wait(close())
        wait(self._body.aclose())
