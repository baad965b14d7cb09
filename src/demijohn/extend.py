"""What extensions are written with: the rooms of this package, and anybody else's.

::

    from demijohn.extend import call, current_application, send_signal

    async def load(function, key):
        found = await call(function, key)        # async functions are awaited, others run in a thread
        send_signal(loaded, current_application(), key=key)

Small on purpose: what is here stays, with its name and its meaning, from one release to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from werkzeug.local import LocalProxy
from werkzeug.routing import Rule

from demijohn.app import Flask
from demijohn.contexts import proxies
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.filenames import content_disposition, safe_join, secure_filename
from demijohn.http.headers import Headers
from demijohn.http.multipart import MultipartLimits, parse_multipart
from demijohn.http.problem import prefers_json, problem
from demijohn.http.query import parse_lists
from demijohn.http.redirects import is_safe_url
from demijohn.later import later
from demijohn.sessions.session import SessionMixin
from demijohn.signals import send_signal
from demijohn.waiting.callables import call, is_async, may_await, nonblocking
from demijohn.wrappers.ready import Ready
from demijohn.wrappers.request import Request

__all__ = [
    "Headers", "MultipartLimits", "Ready", "adapt_view", "answer_errors", "call", "content_disposition",
    "current_application", "current_environ", "current_query", "current_request", "current_session",
    "dump_cookie", "is_async", "is_safe_url", "later", "may_await", "nonblocking", "parse_cookie",
    "parse_multipart", "prefers_json", "problem", "safe_join", "secure_filename", "send_signal", "unproxied",
    "wrap_asgi",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])

# What is current, itself: where a proxy will not do, because it is kept, compared or handed to a thread.


def current_application() -> Flask:
    """The application that handles the current request, command or job.

    :raises RuntimeError: when there is none.
    """
    app: Flask = proxies.current_app._get_current_object()
    return app


def current_request() -> Request:
    """The current request; a :class:`~demijohn.Websocket` while one is handled.

    :raises RuntimeError: when there is none.
    """
    request: Request = proxies.get_request()
    return request


def current_environ() -> Any:
    """The environ of the current request, without its request object.

    PERF: that costs 1 us to make, which a view that looks at little can spare.

    :raises RuntimeError: when there is no request.
    """
    return proxies.get_request_context().environ


def current_query() -> dict[str, list[str]]:
    """The fields of the current request's query string, each with all its values, as ``request.args`` has them.

    PERF: 3 us less than that, where no request object was made.

    :raises BadRequest: with more fields than ``MAX_QUERY_FIELDS``.
    :raises RuntimeError: when there is no request.
    """
    ctx = proxies.get_request_context()
    query: str = ctx.environ.get("QUERY_STRING", "")
    if not query:
        return {}
    fields = query.count("&") + 1
    if fields > 1 or not query.isascii():
        limit = ctx.app.config["MAX_QUERY_FIELDS"]
        rule = None if ctx.plan is None else ctx.plan.rule
        own = limit if rule is None else vars(rule).get("max_query_fields", limit)
        if not query.isascii() or (own is not None and fields > own):
            args: dict[str, list[str]] = ctx.request.args.to_dict(flat=False)
            return args
    return parse_lists(query)


def current_session() -> SessionMixin:
    """The session of the current request's browser, opened now if this is the first time it is asked for.

    :raises RuntimeError: when there is no request.
    """
    session: SessionMixin = proxies.session._get_current_object()
    return session


def unproxied(app: Flask) -> Flask:
    """The application itself, of an application or a proxy such as ``current_app``.

    For ``init_app(current_app)``, where the application is kept, weakly or as a key, or compared later.

    :raises RuntimeError: for a proxy outside of its context.
    """
    proxy: object = app
    return cast(Flask, proxy._get_current_object()) if isinstance(proxy, LocalProxy) else app


def adapt_view(app: Flask, adapter: Callable[[Rule, F], F], check: Callable[[], None] | None = None) -> None:
    """Have each view adapted once, when its plan is made: before its first request, its rule and hooks known.

    What is adapted in is what is called from then on, so a view that nothing else stands around keeps the short
    way. An adapter returns the view as it is where it has nothing to do with it.

    :param app: The application.
    :param adapter: Takes the rule and the view (or what another adapter made of it), and returns what to call.
    :param check: Called when a process starts, before its first request: what it raises keeps it from serving.
    """
    app.view_adapters.append(adapter)
    if check is not None:
        app.start_checks.append(check)
    app.drop_way()


def answer_errors(app: Flask, find: Callable[[Exception], Callable[..., Any] | None]) -> None:
    """Have errors that no ``errorhandler`` of the application answers for answered by an extension.

    An error that nobody expected comes twice: as it was raised, and, once it is logged, as the
    :class:`~werkzeug.exceptions.InternalServerError` made of it.

    :param app: The application.
    :param find: Takes the error, and returns what is called with it like an error handler, or None for an error that
        is none of its business. It must not block; the handler may.
    """
    app.add_handler_finder(find)


def wrap_asgi(app: Flask, middleware: Callable[[Any], Any]) -> None:
    """Put an ASGI middleware around the application, and have ``demijohn run`` serve it by ASGI.

    Requests that the middleware hands on take the same way as without it. Not by ``wsgi_app``: what is put
    there sends every request of an async server through a thread.

    :param app: The application.
    :param middleware: Takes the ASGI application and returns the one around it.
    """
    app.asgi_app = middleware(app.asgi_app)  # type: ignore[method-assign]
    app.needs_asgi = True
