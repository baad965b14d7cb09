"""From what a view returned to the finished response: after-request functions and session included.

Generators of steps, as the pipeline. This module must not know how the view was called.
"""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import HTTPException, default_exceptions

from demijohn.contexts.context import RequestContext
from demijohn.http.problem import prefers_json, problem_response_parts
from demijohn.signals import request_finished, sending
from demijohn.waiting.steps import Steps
from demijohn.wrappers.response import Response


#: The Content-Type of text that a view returned.
HTML = ("Content-Type", "text/html; charset=utf-8")


def make_response(app: Any, ctx: RequestContext, rv: Any) -> Any:
    """A response of what a view returned; the common kinds without ``app.make_response``."""
    if app._plain_responses:
        kind = rv.__class__
        if kind is str:
            return Response.of_bytes(rv.encode(), 200, "200 OK", [HTML])
        if kind is dict or kind is list:
            if app._plain_json:
                provider = app.json
                body = provider.body(rv, app.config["DEBUG"])
                return Response.of_bytes(body, 200, "200 OK", [("Content-Type", provider.mimetype)])
        elif isinstance(rv, HTTPException):
            return http_response(app, ctx, rv)
    return app.make_response(rv)


def finalize(app: Any, ctx: RequestContext, rv: Any, from_error_handler: bool = False) -> Steps[Response]:
    """A response of what a view or error handler returned, with the after-request work done."""
    custom = app._custom
    response: Any = make_response(app, ctx, rv)
    try:
        if custom and "process_response" in custom:
            response = app.process_response(response)
            if hasattr(response.__class__, "__await__"):
                response = yield response
        elif (
            ctx._session is not None
            or ctx.plan.after
            or ctx._after_request_functions
            or app._always_save_session
        ):
            response = yield from process(app, ctx, response)
        if request_finished.receivers:
            yield from sending(request_finished, app, response=response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
    return response  # type: ignore[no-any-return]


def process(app: Any, ctx: RequestContext, response: Any) -> Steps[Response]:
    """The functions that run after the view, then the session is saved."""
    for after in (*(ctx._after_request_functions or ()), *ctx.plan.after):
        response = after(response)
        if hasattr(response.__class__, "__await__"):
            response = yield response
    if ctx._session is not None or app._always_save_session:
        saved = save_session(app, ctx, response)
        if saved is not None and hasattr(saved.__class__, "__await__"):
            yield saved
    return response  # type: ignore[no-any-return]


def save_session(app: Any, ctx: RequestContext, response: Any) -> Any:
    """Let the interface save the session; what it returns may be awaitable."""
    # Not ctx.session: saving is not looking, for whoever tells the two apart.
    session = ctx.open_session() if ctx._session is None else ctx._session
    interface = app.session_interface
    return None if interface.is_null_session(session) else interface.save_session(app, session, response)


#: Werkzeug's own classes, whose page depends on the description only.
_plain_errors = frozenset(default_exceptions.values())

_error_pages: dict[type, tuple[bytes, str]] = {}


def http_response(app: Any, ctx: RequestContext, e: HTTPException) -> Any:
    """The response of an HTTP exception: what ``e.get_response`` makes, without a second response."""
    cls = type(e)
    if e.response is not None or cls.get_response is not HTTPException.get_response or e.code is None:
        return app.make_response(e)
    environ = ctx.environ
    accept = environ.get("HTTP_ACCEPT")
    if accept is not None and app.compat_level is None and prefers_json(accept):
        body, headers = problem_response_parts(e, environ)
        return Response.of_bytes(body, e.code, f"{e.code} {e.name.upper()}", headers)
    if cls in _plain_errors and "description" not in e.__dict__:
        # PERF: the page of a plain abort(404) is always the same; formatting it costs 5 us.
        page = _error_pages.get(cls)
        if page is None:
            page = _error_pages[cls] = e.get_body().encode(), f"{e.code} {e.name.upper()}"
        body, status = page
    else:
        body, status = e.get_body(environ).encode(), f"{e.code} {e.name.upper()}"
    return Response.of_bytes(body, e.code, status, e.get_headers(environ))
