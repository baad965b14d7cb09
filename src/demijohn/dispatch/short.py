"""The short way: requests with nothing around their view, which are most of those that count.

An adapter calls the view of a plan that is ``short`` and hands what came of it to :func:`conclude`, or to
:func:`conclude_error`. PERF: without steps, and for text and JSON without a response object, it halves what
a hello world costs (4.1 to 2.3 us). A response that is in one piece leaves as it stands.
"""

from __future__ import annotations

from typing import Any, TypeAlias


from werkzeug.exceptions import HTTPException

from demijohn.contexts.context import RequestContext
from demijohn.dispatch.failure import answers_itself
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.ports import Application
from demijohn.dispatch.responses import HTML, http_response, plain_errors, save_session
from demijohn.waiting.steps import Steps, is_awaitable
from demijohn.wrappers.ready import Ready, ReadyWhole
from demijohn.wrappers.response import Response

#: Status code, status line, header fields and body, ready to be sent but for the plan's own fields, which adapters
#: add in the form that their protocol has.
Wire: TypeAlias = tuple[int, str, list[tuple[str, str]], bytes]


def steps_of(app: Application, ctx: RequestContext) -> Steps[Any]:
    """The short way in steps, for a view that runs in a thread of a pool: a :data:`Wire`, or a response."""
    outcome: Any
    error = ctx.routing_exception
    if error is None:
        view, arguments = ctx.plan.view, ctx.view_args
        try:
            rv = view(**arguments) if arguments else view()
            if is_awaitable(rv):
                rv = yield rv
        except Exception as e:
            outcome = conclude_error(app, ctx, e)
        else:
            outcome = conclude(app, ctx, rv)
    else:
        outcome = conclude_error(app, ctx, error)
        error = None  # or its traceback keeps a cycle through this frame
    return outcome if outcome.__class__ is tuple else (yield from outcome)


def conclude(app: Application, ctx: RequestContext, rv: Any) -> Any:
    """What follows a view that was called directly: a :data:`Wire`, a tuple, or the steps that are left.

    Only where ``plan.short`` holds and no signal is listened to.
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
        elif (kind is dict or kind is list) and (provider := ctx.way.json) is not None:
            content_type = ("Content-Type", provider.mimetype)
            body = provider.body(rv, app.config["DEBUG"])
        elif ctx._session is not None:
            return pipeline(app, ctx, returned=rv)
        elif kind is Ready:
            body = rv.body
            size = len(body)
            return rv.code, rv.status, [rv.content_type, _lengths.get(size) or _length(size)], body
        elif kind is Response and not ctx.plan.protects and (plain := rv.plain("GET")) is not None:
            return rv._status_code, rv._status, plain[1], plain[0]
        elif kind is ReadyWhole:
            return rv.code, rv.status, rv.fields, rv.body
        else:
            return pipeline(app, ctx, returned=rv)
        size = len(body)
        raw = [content_type, _lengths.get(size) or _length(size)]
        session = ctx._session
        if session is not None:
            fields_of = ctx.way.session_fields
            fields = None if fields_of is None else fields_of(app, session)
            if fields is not None:
                raw += fields
            else:
                response = Response.of_parts(body, raw)
                saved = save_session(app, ctx, response)
                if saved is not None:
                    return _saved(response, saved)
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


def _saved(response: Response, saved: Any) -> Steps[Response]:
    """What is left when only the saving of the session may have to be waited for."""
    if is_awaitable(saved):
        yield saved
    return response


def _brings_fields(e: HTTPException) -> bool:
    """Whether an error has header fields that the plan's may have to give way to."""
    cls = type(e)
    return e.response is not None or (
        cls not in plain_errors and cls.get_headers is not HTTPException.get_headers
    )


def conclude_error(app: Application, ctx: RequestContext, e: Exception) -> Any:
    """:func:`conclude` for what the view or the routing raised."""
    if (
        ctx._session is None
        and ctx._after_request_functions is None
        and not (ctx._request is not None and ctx._request.__dict__.get("files"))
        and isinstance(e, HTTPException)
        and answers_itself(app, e)
        and not _brings_fields(e)
    ):
        response: Any = http_response(app, ctx, e)
        # Not plain: a redirect, whose Location needs a second look, or what an error brought along.
        plain = response.plain("GET") if type(response) is Response else None
        if plain is not None:
            e.__traceback__ = None  # nobody will read it, and its frames lead back to the request
            return response._status_code, response._status, plain[1], plain[0]
    return pipeline(app, ctx, raised=e)
