"""What extensions are written with: the rooms of this package, and anybody else's.

::

    from demijohn.extend import call, current_application, send_signal

    async def load(function, key):
        found = await call(function, key)        # async functions are awaited, others run in a thread
        send_signal(loaded, current_application(), key=key)

Small on purpose: what is here stays, with its name and its meaning, from one release to the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jinja2 import Template
from werkzeug.local import LocalProxy
from werkzeug.routing import Rule

from demijohn.app import Flask
from demijohn.contexts import proxies
from demijohn.errors import InsufficientStorage, WrongSetting
from demijohn.http import origins
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.filenames import content_disposition, safe_join, secure_filename
from demijohn.http.headers import Headers
from demijohn.http.multipart import MultipartLimits, parse_multipart
from demijohn.helpers import is_safe_url
from demijohn.http.problem import prefers_json, problem
from demijohn.http.query import parse_lists
from demijohn.later import later
from demijohn.sessions.session import SessionMixin
from demijohn.setup.kinds import Kind
from demijohn.sessions.signing import BoundedTimedSerializer
from demijohn.setup.checks import Finding
from demijohn.signals import send_signal
from demijohn.templating import ExtensionTemplates, extension_templates
from demijohn.waiting.callables import call, is_async, may_await, may_block, nonblocking
from demijohn.waiting.drivers import running_loop
from demijohn.waiting.steps import is_awaitable
from demijohn.wrappers.parts import Part
from demijohn.wrappers.ready import Ready
from demijohn.wrappers.request import Request

if TYPE_CHECKING:
    from demijohn.devserver import watch
else:
    watch = later("demijohn.devserver.watch")  # the development server; only reloading needs it

__all__ = [
    "BoundedTimedSerializer", "Finding", "Headers", "InsufficientStorage", "MultipartLimits", "Part", "Ready",
    "WrongSetting", "adapt_view", "add_carrier", "add_check", "add_templates", "answer_errors", "before_stream", "call",
    "carriers", "content_disposition", "current_application", "current_environ", "current_query", "current_request",
    "current_session", "dump_cookie", "expect_settings", "is_async", "is_awaitable", "is_safe_url", "later",
    "may_await", "may_block", "nonblocking", "parse_cookie", "parse_multipart", "prefers_json", "problem",
    "running_loop", "safe_join", "secure_filename", "send_signal", "unproxied", "vouched", "watch_sources",
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


def expect_settings(app: Flask, **kinds: Kind) -> None:
    """Say of which kinds an extension's settings can be: looked at now, and again when the application begins to serve.

    ::

        expect_settings(app, BADGE_LIFETIME="time", BADGE_SIZE=(lambda size: size in (1, 2), "1 or 2"))

    :param app: The application.
    :param kinds: By setting, "text", "texts", "key", "keys", "time" (seconds, or a timedelta), "number", "flag", "path"
        or "samesite"; or a function that says whether a value fits, and what is expected. None always fits.
    :raises WrongSetting: for one that is of another kind. An application that comes from Flask is let be.
    """
    app.setting_kinds.update(kinds)
    app.check_settings(kinds)


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


def add_carrier(app: Flask, name: str, take: Callable[[], Any], give: Callable[[Any], object]) -> None:
    """Have something of a request go along with the jobs that it sends, where ``TASKS_CARRY`` names it.

    ::

        add_carrier(app, "tenant", lambda: g.get("tenant"), lambda tenant: setattr(g, "tenant", tenant))

    :param app: The application.
    :param name: What the setting calls it.
    :param take: Gives it where a job is sent, in a request or not; JSON has to hold it, and None is not sent.
    :param give: Takes it where the job runs, inside the context of its own that it has.
    """
    app.extensions.setdefault("carriers", {})[name] = (take, give)


def carriers(app: Flask) -> dict[str, tuple[Callable[[], Any], Callable[[Any], object]]]:
    """What was added by :func:`add_carrier`, by its name."""
    found: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = app.extensions.get("carriers", {})
    return found


def add_templates(package: str, folder: str | Path) -> None:
    """Let every application of this process find an extension's templates, behind its own and its blueprints'.

    In the folder there is one folder for each first part of their names: ``extension/page.html``. To be called when
    the extension is imported.

    :param package: The extension's package, to name it where it is explained which folders were searched.
    :param folder: Where the templates are.
    """
    extension_templates[package] = ExtensionTemplates(package, Path(folder))


def before_stream(app: Flask, function: Callable[[Template], None]) -> None:
    """Have ``function(template)`` called before a template is streamed, in its request.

    It is the last moment to set what a header carries, such as the session's cookie: when the template is rendered,
    the header has been sent.
    """
    app.template_streams.append(function)


def add_check(app: Flask, check: Callable[[Flask], Iterable[Finding]]) -> None:
    """Have ``demijohn check --deploy`` ask an extension what should be otherwise before others can reach it.

    :param app: The application.
    :param check: Takes the application, inside its context, and returns or yields what it finds.
    """
    app.checks.append(check)


def watch_sources(on_change: Callable[[str], None]) -> Callable[[], None]:
    """Call ``on_change(path)`` from a thread when a source file of this process changes; gives what ends it.

    Watched are the packages and modules that are imported now, but for installed ones, as by ``demijohn run --reload``.
    """
    watcher = watch.Watcher(on_change)
    watcher.watch(**watch.watchable_modules(), since=time.time())
    return watcher.stop


def wrap_asgi(app: Flask, middleware: Callable[[Any], Any]) -> None:
    """Put an ASGI middleware around the application, and have ``demijohn run`` serve it by ASGI.

    Requests that the middleware hands on take the same way as without it. Not by ``wsgi_app``: what is put
    there sends every request of an async server through a thread.

    :param app: The application.
    :param middleware: Takes the ASGI application and returns the one around it.
    """
    app.asgi_app = middleware(app.asgi_app)  # type: ignore[method-assign]
    app.needs_asgi = True
