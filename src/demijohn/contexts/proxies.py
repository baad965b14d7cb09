"""The proxies to what is current, for the floors below the typed ``demijohn.globals``.

Internals of the request path take the context as an argument; these are for code that users'
code calls without one (templates, JSON helpers, views, commands).
"""

from __future__ import annotations

from typing import Any

from demijohn.contexts.context import AppContext, RequestContext, current
from demijohn.contexts.local import make_proxy

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


def _app() -> Any:
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
current_app: Any = make_proxy("AppProxy", _app, variable=current, attribute="app")
g: Any = make_proxy("GProxy", _g)
request_ctx: Any = make_proxy("RequestContextProxy", get_request_context)
request: Any = make_proxy(
    "RequestProxy", get_request, variable=current, attribute="_request", made_by="request"
)
session: Any = make_proxy(
    "SessionProxy", _session, container=True, variable=current, attribute="_seen_session"
)
websocket: Any = make_proxy("WebsocketProxy", _websocket)
