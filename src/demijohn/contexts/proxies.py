"""The proxies to what is current, for the floors below the typed ``demijohn.globals``.

Internals of the request path take the context as an argument; these are for code that users'
code calls without one (templates, JSON helpers, views, commands).
"""

from __future__ import annotations

from typing import Any

from demijohn.contexts.context import AppContext, RequestContext, current
from demijohn.contexts.local import make_proxy
from demijohn.http.query import parse_lists

NO_APP = """Working outside of application context.

Both the current application and what belongs to it are only known inside of a context.
Use it while a request is handled, in a command, or in a block: with app.app_context(): ...
"""

NO_REQUEST = """Working outside of request context.

There is no active HTTP request here, and this needs one. Use it in a view or in what a view
calls; in a test, send a request with the test client or use: with app.test_request_context(): ...
"""


def _app_context() -> AppContext:
    try:
        return current.get()
    except LookupError:
        raise RuntimeError(NO_APP) from None


def get_request_context() -> RequestContext:
    """The current request's context; RuntimeError says what to do when there is none."""
    try:
        ctx = current.get()
    except LookupError:
        raise RuntimeError(NO_REQUEST) from None
    if not isinstance(ctx, RequestContext):
        raise RuntimeError(NO_REQUEST)
    return ctx


def get_app() -> Any:
    """The current application; RuntimeError says what to do when there is none."""
    try:
        return current.get().app
    except LookupError:
        raise RuntimeError(NO_APP) from None


def _g() -> Any:
    try:
        return current.get().g
    except LookupError:
        raise RuntimeError(NO_APP) from None


def get_request() -> Any:
    """The current request; RuntimeError says what to do when there is none."""
    try:
        request = current.get().request
    except LookupError:
        raise RuntimeError(NO_REQUEST) from None
    if request is None:
        raise RuntimeError(NO_REQUEST)
    return request


def current_query() -> dict[str, list[str]]:
    """The fields of the current request's query string, each with all its values, as ``request.args`` has them.

    PERF: 3 us less than that where no request object was made, and 5 us more where no environ was.

    :raises BadRequest: with more fields than ``MAX_QUERY_FIELDS``.
    :raises RuntimeError: when there is no request.
    """
    ctx = get_request_context()
    query = ctx.query_string()
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


def current_body() -> tuple[str | None, bytes] | None:
    """The Content-Type of the current request, None where it has none, and its body, where a server gave all of it.

    None where it did not, and for a class of requests with ideas of its own: then the request is to be asked.
    PERF: 7 us less than that under ASGI.

    :raises RuntimeError: when there is no request.
    """
    return get_request_context().body()


def _websocket() -> Any:
    socket = get_request()
    if not hasattr(socket, "channel"):
        raise RuntimeError(
            "Working outside of a WebSocket: 'websocket' can only be used in a handler registered with"
            " @app.websocket, and in what it calls. In a view, use 'request'."
        )
    return socket


def _session() -> Any:
    ctx = current.get(None)
    if not isinstance(ctx, RequestContext):
        raise RuntimeError(NO_REQUEST)
    return ctx.session


def _scope() -> AppContext:
    return _app_context().scope


app_ctx: Any = make_proxy("AppContextProxy", _scope)
current_app: Any = make_proxy("AppProxy", get_app, variable=current, attribute="app")
g: Any = make_proxy("GProxy", _g)
request_ctx: Any = make_proxy("RequestContextProxy", get_request_context)
request: Any = make_proxy(
    "RequestProxy", get_request, variable=current, attribute="_request", made_by="request"
)
session: Any = make_proxy(
    "SessionProxy", _session, container=True, variable=current, attribute="_seen_session"
)
websocket: Any = make_proxy("WebsocketProxy", _websocket)
