"""What is current, typed for users: ``request``, ``session``, ``g``, ``current_app``, ``websocket``.

Each is a proxy; ``_get_current_object()`` gives the object itself.
"""

from __future__ import annotations

from typing import cast

from demijohn.contexts import proxies
from demijohn.contexts.context import AppContext, RequestContext
from demijohn.contexts.namespace import _AppCtxGlobals
from demijohn.app import Flask
from demijohn.wrappers.request import Request
from demijohn.sessions import SessionMixin
from demijohn.wrappers.websocket import Websocket

__all__ = ["app_ctx", "current_app", "g", "request", "request_ctx", "session", "websocket"]

#: The context that ``g`` belongs to.
app_ctx: AppContext = cast(AppContext, proxies.app_ctx)
#: The application that handles the current request, command or job.
current_app: Flask = cast(Flask, proxies.current_app)
#: A namespace for the time of one request, command or job.
g: _AppCtxGlobals = cast(_AppCtxGlobals, proxies.g)
#: The current request.
request: Request = cast(Request, proxies.request)
#: The context of the current request.
request_ctx: RequestContext = cast(RequestContext, proxies.request_ctx)
#: The session of the current request's browser.
session: SessionMixin = cast(SessionMixin, proxies.session)
#: The WebSocket being handled.
websocket: Websocket = cast(Websocket, proxies.websocket)
