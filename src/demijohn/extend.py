"""What extensions are written with: the rooms of this package, and anybody else's.

::

    from demijohn.extend import call, current_application, send_signal

    async def load(function, key):
        found = await call(function, key)        # async functions are awaited, others run in a thread
        send_signal(loaded, current_application(), key=key)

Small on purpose: what is here stays, with its name and its meaning, from one release to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from werkzeug.local import LocalProxy
from werkzeug.routing import Rule

from demijohn.app import Flask
from demijohn.contexts import proxies
from demijohn.http import origins
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.filenames import content_disposition, safe_join, secure_filename
from demijohn.http.headers import Headers
from demijohn.http.multipart import MultipartLimits, parse_multipart
from demijohn.helpers import is_safe_url
from demijohn.http.problem import prefers_json, problem
from demijohn.later import later
from demijohn.sessions.session import SessionMixin
from demijohn.setup.checks import Finding
from demijohn.signals import send_signal
from demijohn.waiting.callables import call, is_async, may_await, nonblocking
from demijohn.wrappers.request import Request

__all__ = [
    "Finding", "Headers", "MultipartLimits", "adapt_view", "add_check", "call", "content_disposition",
    "current_application", "current_request", "current_session", "dump_cookie", "is_async", "is_safe_url", "later",
    "may_await", "nonblocking", "parse_cookie", "parse_multipart", "prefers_json", "problem", "safe_join",
    "secure_filename", "send_signal", "unproxied", "vouched", "wrap_asgi",
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


def unproxied(app: Flask) -> Flask:
    """The application itself, of an application or a proxy such as ``current_app``.

    For ``init_app(current_app)``, where the application is kept, weakly or as a key, or compared later.

    :raises RuntimeError: for a proxy outside of its context.
    """
    proxy: object = app
    return cast(Flask, proxy._get_current_object()) if isinstance(proxy, LocalProxy) else app


def vouched(request: Request) -> bool | None:
    """Whether a browser vouches that ``request`` comes from a page of this site (Fetch Metadata, Origin).

    :returns: True: it does. False: it says that a page elsewhere sent it, or one that has no origin. None: no
        browser says anything, and something else has to decide, such as a token in the form.
    :raises SecurityError: where the Host is what decides, and it is malformed or not trusted (400).
    """
    environ = request.environ
    fetch_site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
    if not fetch_site and origin is None:
        return None
    return origins.vouched(fetch_site, origin, request.host)


def adapt_view(app: Flask, adapter: Callable[[Rule, F], F]) -> None:
    """Have each view adapted once, when its plan is made: before its first request, its rule and hooks known.

    What is adapted in is what is called from then on, so a view that nothing else stands around keeps the short
    way. An adapter returns the view as it is where it has nothing to do with it.

    :param app: The application.
    :param adapter: Takes the rule and the view (or what another adapter made of it), and returns what to call.
    """
    app.view_adapters.append(adapter)
    app.drop_way()


def add_check(app: Flask, check: Callable[[Flask], Iterable[Finding]]) -> None:
    """Have ``demijohn check --deploy`` ask an extension what should be otherwise before others can reach it.

    :param app: The application.
    :param check: Takes the application, inside its context, and returns or yields what it finds.
    """
    app.checks.append(check)


def wrap_asgi(app: Flask, middleware: Callable[[Any], Any]) -> None:
    """Put an ASGI middleware around the application, and have ``demijohn run`` serve it by ASGI.

    Requests that the middleware hands on take the same way as without it. Not by ``wsgi_app``: what is put
    there sends every request of an async server through a thread.

    :param app: The application.
    :param middleware: Takes the ASGI application and returns the one around it.
    """
    app.asgi_app = middleware(app.asgi_app)  # type: ignore[method-assign]
    app.needs_asgi = True
