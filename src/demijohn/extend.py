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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jinja2 import Template
from werkzeug.local import LocalProxy
from werkzeug.routing import Rule

from demijohn.app import Flask
from demijohn.adapters.environ import ScopeEnviron
from demijohn.contexts import proxies
from demijohn.contexts.proxies import current_body, current_query
from demijohn.contexts.request_ids import carry_request_id, current_request_id
from demijohn.dispatch.observation import Observation
from demijohn.contexts.kept import PerContext
from demijohn.errors import InsufficientStorage, WrongSetting
from demijohn.http import origins
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.filled import Filled
from demijohn.http.filenames import content_disposition, safe_join, secure_filename
from demijohn.http.headers import Headers
from demijohn.http.multipart import MultipartLimits, parse_multipart
from demijohn.helpers import is_safe_url
from demijohn.http.problem import prefers_json, problem
from demijohn.later import later, needs
from demijohn.sessions.session import SessionMixin
from demijohn.setup.kinds import Kind
from demijohn.sessions.signing import BoundedTimedSerializer
from demijohn.variable import current
from demijohn.setup.checks import Diagnosis, Finding, check_at_start
from demijohn.setup.translator import Translator
from demijohn.signals import send_signal
from demijohn.templating import ExtensionTemplates, extension_templates
from demijohn.typing import ASGIApplication, Scope
from demijohn.waiting.callables import call, is_async, may_await, may_block, nonblocking
from demijohn.waiting.drivers import running_loop
from demijohn.waiting.either import EitherWay
from demijohn.waiting.steps import is_awaitable
from demijohn.wrappers.parts import Part
from demijohn.wrappers.ready import Ready
from demijohn.wrappers.request import Request

__all__ = [
    "BoundedTimedSerializer", "Diagnosis", "EitherWay", "Filled", "Finding", "Headers", "InsufficientStorage",
    "MultipartLimits", "Observation", "Part", "PerContext", "Ready", "Translator", "WrongSetting", "adapt_view",
    "add_carrier", "add_check", "add_diagnosis", "add_gauge", "add_templates", "answer_below", "answer_errors",
    "before_stream", "bound_threads", "call", "carried", "carry_request_id", "carrying", "check_at_start",
    "content_disposition", "current_application", "current_body", "current_environ", "current_query",
    "current_request", "current_request_id", "current_session", "describe_routes", "dump_cookie", "end_at_stop",
    "expect_settings", "is_async", "is_awaitable", "is_safe_url", "later", "may_await", "may_block", "needs",
    "nonblocking", "observe", "parse_cookie", "parse_multipart", "prefers_json", "problem", "request_of_scope",
    "running_loop", "safe_join", "secure_filename", "send_signal", "serve_event", "set_translator", "translate",
    "translate_plural", "unproxied", "vouched", "watch_sources", "wrap_asgi",
]  # fmt: skip

if TYPE_CHECKING:
    from demijohn.devserver import watch
    from demijohn.dispatch import event
else:
    event = later("demijohn.dispatch.event")  # 13 % of an import of Flask: asyncio
    watch = later("demijohn.devserver.watch")  # 40 %: the development server

F = TypeVar("F", bound=Callable[..., Any])

# What is current, itself: where a proxy will not do, because it is kept, compared or handed to a thread.


def current_application() -> Flask:
    """The application that handles the current request, command or job.

    :raises RuntimeError: when there is none.
    """
    app: Flask = proxies.get_app()
    return app


def current_request() -> Request:
    """The current request; a :class:`~demijohn.Websocket` while one is handled.

    :raises RuntimeError: when there is none.
    """
    request: Request = proxies.get_request()
    return request


def current_environ() -> Any:
    """The environ of the current request. PERF: without its request object, which costs 1 us to make.

    :raises RuntimeError: when there is no request.
    """
    return proxies.get_request_context().environ


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


def adapt_view(
    app: Flask, adapter: Callable[[Rule, F], F], check: Callable[[], None] | None = None, *, innermost: bool = False
) -> None:  # fmt: skip
    """Have each view adapted once, when its plan is made: before its first request, its rule and hooks known.

    A view that nothing else stands around keeps the short way. An adapter returns what it has nothing to do with.

    :param app: The application.
    :param adapter: Takes the rule and the view (or what another adapter made of it), and returns what to call.
    :param check: Called when a process starts, before its first request: what it raises keeps it from serving.
    :param innermost: Take views as they were registered, before other adapters: to make another view of one.
    """
    app.view_adapters.insert(0 if innermost else len(app.view_adapters), adapter)
    if check is not None:
        check_at_start(app, check)
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


def add_gauge(
    app: Flask, name: str, about: str, read: Callable[[], Mapping[tuple[tuple[str, str], ...], float]]
) -> None:
    """Have metrics tell a number that an extension says of itself, such as the connections of a pool.

    :param app: The application.
    :param name: The metric's name, such as ``db_pool_connections``.
    :param about: What it is, in a sentence.
    :param read: Returns the values by labels: ``{(("state", "used"),): 3}``; called inside an application context.
    """
    app.gauges.append((name, about, read))


def add_templates(package: str, folder: str | Path) -> None:
    """Let every application of this process find an extension's templates, behind its own and its blueprints'.

    In the folder there is one folder for each first part of their names: ``extension/page.html``. To be called when
    the extension is imported.

    :param package: The extension's package, to name it where it is explained which folders were searched.
    :param folder: Where the templates are.
    """
    extension_templates[package] = ExtensionTemplates(package, Path(folder))


def set_translator(app: Flask, translator: Translator) -> None:
    """Have the texts of extensions, which are written in English, translated: :func:`translate`.

    :param app: The application.
    :param translator: Knows the language of who is answered.
    """
    app.translator = translator


def translate(text: str) -> str:
    """A text of an extension in the language of who is answered, where the application has a translator.

    It is translated before variables are put in: ``translate("Wait %(seconds)d s.") % {"seconds": 3}``. Of what was
    filled in before it was known for whom, a :class:`Filled`, the source is translated.

    :param text: The text, in English.
    """
    ctx = current.get(None)
    translator: Translator | None = None if ctx is None else ctx.app.translator
    return text if translator is None else translator.gettext(text)


def translate_plural(singular: str, plural: str, number: int) -> str:
    """A text of an extension about a number of something, as :func:`translate`."""
    ctx = current.get(None)
    translator: Translator | None = None if ctx is None else ctx.app.translator
    if translator is None:
        return singular if number == 1 else plural
    return translator.ngettext(singular, plural, number)


def before_stream(app: Flask, function: Callable[[Template], None]) -> None:
    """Have ``function(template)`` called before a template is streamed, in its request.

    It is the last moment to set what a header carries, such as the session's cookie: when the template is rendered,
    the header has been sent.
    """
    app.template_streams.append(function)


def add_carrier(app: Flask, name: str, pack: Callable[[], Any], unpack: Callable[[Any], object]) -> None:
    """Have something of a request go with the work that it hands on, such as its language or its place in a trace.

    ::

        add_carrier(app, "tenant", lambda: g.get("tenant"), lambda tenant: setattr(g, "tenant", tenant))

    :param app: The application.
    :param name: What it is called, in ``TASKS_CARRY`` among others.
    :param pack: Says what goes along, where work is handed on; JSON has to hold it, and None does not go.
    :param unpack: Given what went along inside the context of the work, takes it, or returns a context manager
        around the work.
    """
    app.carriers[name] = pack, unpack


def carried(app: Flask, names: Iterable[str] | None = None) -> dict[str, Any]:
    """What goes with work that is handed on now, to be kept with it and given to :func:`carrying` where it is done.

    It is the id of the request, ``request_id``, and what extensions add (:func:`add_carrier`).

    :param names: What shall go; all by default.
    """
    carriers = {"request_id": (current_request_id, carry_request_id), **app.carriers}
    packed = {}
    for name in carriers if names is None else names:
        if name in carriers and (value := carriers[name][0]()) is not None:
            packed[name] = value
    return packed


@contextmanager
def carrying(app: Flask, packed: Mapping[str, Any]) -> Iterator[None]:
    """Around work that was handed on, inside an application context of its own: what went with it counts.

    :param packed: What :func:`carried` gave; what nobody knows any more is passed over.
    """
    if "request_id" in packed:
        carry_request_id(packed["request_id"])
    with ExitStack() as stack:
        for name, value in packed.items():
            around = app.carriers[name][1](value) if name in app.carriers else None
            if isinstance(around, AbstractContextManager):
                stack.enter_context(around)
        yield


def add_check(app: Flask, check: Callable[[Flask], Iterable[Finding]]) -> None:
    """Have ``demijohn check --deploy`` ask an extension what should be otherwise before others can reach it.

    :param app: The application.
    :param check: Takes the application, inside its context, and returns or yields what it finds.
    """
    app.checks.append(check)


def add_diagnosis(app: Flask, diagnose: Callable[[Flask], Iterable[Diagnosis]]) -> None:
    """Have ``demijohn doctor`` ask an extension how something is that the application needs.

    What a readiness check asks needs no diagnosis of its own: the command asks those, too.

    :param app: The application.
    :param diagnose: Takes the application, inside its context, and returns or yields what it finds.
    """
    app.diagnoses.append(diagnose)


def describe_routes(app: Flask, describe: Callable[[Rule, Any], Mapping[str, str]]) -> None:
    """Have ``demijohn routes`` show what an extension knows of a route.

    :param app: The application.
    :param describe: Takes the rule and its view, which may be None, and returns texts for ``auth`` (who may call it) or
        ``limits`` (how often).
    """
    app.route_notes.append(describe)


def bound_threads(app: Flask, most: Callable[[], int | None]) -> None:
    """Have ``demijohn run --prod`` start no more threads for sync views than an extension bears.

    :param app: The application.
    :param most: Says how many, such as the connections of a pool; None where there is no bound.
    """
    app.thread_bounds.append(most)


def observe(app: Flask, observer: Any) -> None:
    """Have an extension look at each request from outside: to measure, count or trace it.

    A request that nobody looks at pays nothing. Health endpoints are not looked at.

    :param app: The application.
    :param observer: An object with any of three methods, called with an :class:`Observation`; none of them may block.
        ``begin``: nothing of the request is known but what the client sent. ``leave``: the call that handles it has
        ended, in the context in which it began. ``end``: the last byte of the answer was sent, or will never be.
    """
    app.observers.append(observer)
    app.drop_way()


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


def answer_below(app: Flask, path: str, answer: ASGIApplication) -> None:
    """Have an ASGI application answer what is below a path, requests and WebSockets, before routes are looked at.

    PERF: other requests pay for one comparison, where a middleware would be two calls more.

    :param path: Where it is, with a slash at its end, below the application's own prefix.
    :param answer: Takes scope, ``receive`` and ``send``. ``demijohn run`` serves by ASGI for it.
    """
    app.answers_below.append((path, answer))
    app.drop_way()
    app.needs_asgi = True


def request_of_scope(app: Flask, scope: Scope) -> Request:
    """The request that an ASGI scope stands for, with what ``TRUSTED_PROXIES`` say of it.

    For a middleware that answers for itself; what it hands on needs none.
    """
    environ = ScopeEnviron(scope)
    forward = (app._way or app.settle()).forward
    if forward is not None:
        forward(environ)
    request: Request = app.request_class(environ)
    return request


async def serve_event(
    app: Flask,
    request: Request,
    function: Callable[..., Any],
    *args: Any,
    session: SessionMixin | None = None,
) -> Any:
    """Call a handler of something that arrived in a connection that stays open, in a context of its own.

    An async one runs on this loop, a sync one in a thread. The teardown functions run when it is over, also when it
    raised; the hooks before and after requests do not.

    :param request: What is current as the request: each event has one of its own.
    :param session: What is current as the session; else the request's own is, when it is asked for.
    :returns: What the function returned.
    """
    return await event.serve_event(app, request, function, *args, session=session)


def end_at_stop(app: Flask, end: Callable[[], None]) -> None:
    """Have ``end()`` called once, from any thread, when this process is told to stop, while connections still work."""
    app.lifecycle.endings.add(end)
