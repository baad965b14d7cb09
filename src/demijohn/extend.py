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
from typing import Any, TypeVar

from demijohn.app import Flask
from demijohn.contexts import proxies
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.filenames import content_disposition, safe_join, secure_filename
from demijohn.http.headers import Headers
from demijohn.http.multipart import MultipartLimits, parse_multipart
from demijohn.http.problem import prefers_json, problem
from demijohn.http.redirects import is_safe_url
from demijohn.later import later
from demijohn.sessions.session import SessionMixin
from demijohn.signals import send_signal
from demijohn.waiting.callables import call, is_async
from demijohn.wrappers.request import Request

__all__ = [
    "Headers", "MultipartLimits", "call", "content_disposition", "current_application", "current_request",
    "current_session", "dump_cookie", "is_async", "is_safe_url", "later", "nonblocking", "parse_cookie",
    "parse_multipart", "prefers_json", "problem", "safe_join", "secure_filename", "send_signal",
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
    request: Request = proxies.request._get_current_object()
    return request


def current_session() -> SessionMixin:
    """The session of the current request's browser, opened now if this is the first time it is asked for.

    :raises RuntimeError: when there is no request.
    """
    session: SessionMixin = proxies.session._get_current_object()
    return session


def nonblocking(function: F) -> F:
    """Say of a sync hook that it never keeps its thread waiting, so that it may run on an event loop.

    It is a promise that nobody checks, like ``blocking=False`` of a route.
    """
    marked: Any = function
    marked.blocking = False
    return function
