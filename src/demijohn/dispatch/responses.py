"""From what a view returned to the finished response: after-request functions and session included.

The one home in which a value becomes a response; ``short`` has the commonest kinds once more, in place.
Generators of steps, as the pipeline. This module must not know how the view was called.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.wrappers import Response as BaseResponse

from demijohn.contexts.context import RequestContext
from demijohn.contexts.proxies import get_request_context
from demijohn.dispatch.answering import named, whose_answer
from demijohn.dispatch.fields import protect
from demijohn.dispatch.ports import Application
from demijohn.http.problem import prefers_json, problem_response_parts
from demijohn.http.status import status_line
from demijohn.json.provider import DefaultJSONProvider
from demijohn.signals import request_finished, sending
from demijohn.waiting.steps import Steps, is_awaitable
from demijohn.wrappers.ready import Ready, ReadyWhole
from demijohn.wrappers.response import Response

#: The Content-Type of text that a view returned.
HTML = ("Content-Type", "text/html; charset=utf-8")


def make_response(app: Application, ctx: RequestContext | None, rv: Any) -> Any:
    """A response of what a view returned.

    :param ctx: The request's context; None to look for it, should it be needed.
    :raises TypeError: when it is nothing a response can be made of.
    """
    cls = app.response_class
    kind = rv.__class__
    if kind is str and cls is Response:
        return Response.of_bytes(rv.encode(), 200, "200 OK", [HTML])  # PERF: 1 us less than the class
    status = headers = None
    if kind is Ready or kind is ReadyWhole:
        rv = rv.response()
    elif isinstance(rv, tuple):
        rv, status, headers = _unpacked(rv)
        kind = rv.__class__
    try:
        if not isinstance(rv, cls):
            if (kind is dict or kind is list) and cls is Response and type(app.json) is DefaultJSONProvider:
                # PERF: what app.json.response makes, 1 us less.
                content = app.json.body(rv, app.config["DEBUG"])
                rv = Response.of_bytes(content, 200, "200 OK", [("Content-Type", app.json.mimetype)])
            elif isinstance(rv, HTTPException) and cls is Response:
                rv = http_response(app, ctx or get_request_context(), rv)
            elif isinstance(rv, (str, bytes, bytearray, Iterator, AsyncIterator)):
                # Given to the class, which may have its own idea of defaults.
                rv = cls(rv, status=status, headers=headers)
                status = headers = None
            elif isinstance(rv, (dict, list)):
                rv = app.json.response(rv)
            elif isinstance(rv, BaseResponse) or callable(rv):
                rv = _coerced(app, ctx or get_request_context(), rv)
            else:
                raise TypeError(_not_a_response(rv))
        if status is not None:
            rv.status = status  # a code or a line, the setter knows
        if headers:
            rv.headers.update(headers)
        return rv
    except (TypeError, ValueError) as e:
        e.add_note(f"{whose_answer()} returned that.")
        raise


def _unpacked(rv: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Body, status and headers of a tuple a view returned."""
    if len(rv) == 3:
        return rv
    if len(rv) == 2:
        if isinstance(rv[1], (Headers, dict, tuple, list)):
            return rv[0], None, rv[1]
        return rv[0], rv[1], None
    raise TypeError(
        f"{whose_answer()} did not return a valid response tuple. The tuple must have the form"
        " (body, status, headers), (body, status), or (body, headers)."
    )


def _coerced(app: Application, ctx: RequestContext, rv: Any) -> Any:
    """A response of another class, or what a WSGI application answers, as ours."""
    try:
        return app.response_class.force_type(rv, ctx.request.environ)
    except TypeError as e:
        raise TypeError(f"{e}\n{_not_a_response(rv)}") from None


def _not_a_response(rv: object) -> str:
    if rv is None:
        return (
            f"{whose_answer()} did not return a valid response."
            " The function either returned None or ended without a return statement."
        )
    return (
        f"{whose_answer()} did not return a valid response. The return type must be a string, dict, list,"
        " tuple with headers or status, Response instance, or WSGI callable,"
        f" but it was a {type(rv).__name__}."
    )


#: Werkzeug's own classes, whose page depends on the description only.
plain_errors = frozenset(default_exceptions.values())

_error_pages: dict[type, tuple[bytes, str]] = {}


def http_response(app: Application, ctx: RequestContext, e: HTTPException) -> Any:
    """The response of an HTTP exception: what ``e.get_response`` makes, without a second response."""
    cls = type(e)
    if e.response is not None or cls.get_response is not HTTPException.get_response or e.code is None:
        return _coerced(app, ctx, e)
    environ = ctx.environ
    accept = environ.get("HTTP_ACCEPT") if ctx.way.policy.problem_json else None
    if (ctx.plan is not None and ctx.plan.problems) or (accept is not None and prefers_json(accept)):
        body, headers = problem_response_parts(e, environ)
        return Response.of_bytes(body, e.code, status_line(e.code), headers)
    if cls in plain_errors and "description" not in e.__dict__:
        # PERF: the page of a plain abort(404) is always the same; formatting it costs 5 us.
        page = _error_pages.get(cls)
        if page is None:
            page = _error_pages[cls] = e.get_body().encode(), status_line(e.code)
        body, status = page
    else:
        body, status = e.get_body(environ).encode(), status_line(e.code)
    return Response.of_bytes(body, e.code, status, e.get_headers(environ))


def finalize(app: Application, ctx: RequestContext, rv: Any, from_error_handler: bool = False) -> Steps[Any]:
    """A response of what a view or error handler returned, with the after-request work done.

    :param from_error_handler: Log an error of the after-request work rather than raise it.
    """
    way = ctx.way
    make = way.make_response
    response: Any = make(app, ctx, rv)
    made = response
    rv = None  # it may be an error, and must not be reachable from its own frame
    try:
        if ctx.plan.processes or ctx._session is not None or ctx._after_request_functions:
            step = way.process
            response = yield from step(app, ctx, response)
        if ctx.plan.protects:
            protect(ctx, response)
        if request_finished.receivers:
            yield from sending(request_finished, app, response=response)
    except Exception as e:
        if not isinstance(response, BaseResponse):
            kind, response = type(response).__name__, made
            if not from_error_handler:
                said = f"An after_request function returned a {kind}: each has to return the response."
                raise TypeError(said) from e
        elif not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
        if ctx.plan.protects:
            protect(ctx, response)
    return response


def process(app: Application, ctx: RequestContext, response: Any) -> Steps[Any]:
    """The functions that run after the view, then the session is saved."""
    for after in (*(ctx._after_request_functions or ()), *ctx.plan.after):
        response = after(response)
        if hasattr(response.__class__, "__await__"):
            response = yield response
        if response is None:
            raise TypeError(
                f"{named('after_request function', after)} returned None: it has to return the response."
            )
    if ctx._session is not None:
        saved = save_session(app, ctx, response)
        if saved is not None and is_awaitable(saved):
            yield saved
    return response


def save_session(app: Application, ctx: RequestContext, response: Any) -> Any:
    """Let the interface save the session, which was opened; what it returns may be awaitable."""
    # Not ctx.session: saving is not looking, for whoever tells the two apart.
    session = ctx._session
    interface = app.session_interface
    return None if interface.is_null_session(session) else interface.save_session(app, session, response)
