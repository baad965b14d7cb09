"""The composition root: the ``Flask`` class puts settings, dispatch and adapters together.

What Flask lets an application override are methods here, marked ``overridable``; what a request takes of
them is settled before the first one (:mod:`demijohn.dispatch.settle`).

It is not split, because each method is one step that Flask lets an application override, and a
subclass reads them together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn, cast
from urllib.parse import quote
from weakref import ref

from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, MapAdapter, RequestRedirect

from demijohn.adapters import wsgi
from demijohn.contexts.context import UNSET, AppContext, RequestContext, current
from demijohn.contexts.current import csp_nonce
from demijohn.contexts.proxies import g, get_request_context, request, session
from demijohn.contexts.way import Way
from demijohn.dispatch import across, failure, pipeline, responses, settle, teardown
from demijohn.dispatch.settle import OVERRIDABLE, overridable
from demijohn.errors import FormDataRoutingRedirect
from demijohn.http.redirects import check_location
from demijohn.later import later
from demijohn.logging import mark_records
from demijohn.sessions import SecureCookieSessionInterface
from demijohn.sessions.flashing import get_flashed_messages
from demijohn.setup.application import App
from demijohn.setup.lifecycle import Lifecycle
from demijohn.templating import Environment
from demijohn.waiting.callables import is_async
from demijohn.waiting.drivers import as_receiver, drive, running_loop, wait
from demijohn.waiting.steps import Steps, is_awaitable
from demijohn.static.place import serves_folder
from demijohn.wrappers.files import max_age_setting, send_static_file
from demijohn.wrappers.request import Request
from demijohn.wrappers.response import Response
from demijohn.wrappers.websocket import Websocket

if TYPE_CHECKING:
    from demijohn import devserver, testing
    from demijohn.adapters import asgi, forwarded, observed, observed_async, rsgi
    from demijohn.setup import commands
else:
    testing = later("demijohn.testing")  # 56 % of an import of Flask; only tests ask for it
    devserver = later("demijohn.devserver")  # 40 %; only who serves
    asgi = later("demijohn.adapters.asgi")  # 13 %: asyncio
    rsgi = later("demijohn.adapters.rsgi")  # 13 %: asyncio
    commands = later("demijohn.setup.commands")  # 25 %: click
    observed = later("demijohn.adapters.observed")  # only where somebody looks at requests
    observed_async = later("demijohn.adapters.observed_async")  # likewise, and asyncio
    forwarded = later("demijohn.adapters.forwarded")  # 3 %; only where there are trusted proxies

__all__ = ["App", "Flask"]

_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"

#: What a request depends on besides: a change of one drops the way.
_SETTLED_FROM = frozenset(
    {
        "asgi_app", "blocking", "debug_page", "jinja_env", "json", "policy", "request_class", "response_class",
        "session_interface", "subdomain_matching", "url_map", "watched",
    }
)  # fmt: skip


class Flask(App):
    """A web application: WSGI, ASGI and RSGI at once.

    Parameters as :class:`~demijohn.setup.application.App`::

        app = Flask(__name__)

        @app.route("/")
        def index():
            return "Hello"
    """

    request_class: type[Any] = Request
    response_class: type[Any] = Response
    websocket_class: type[Any] = Websocket
    session_interface: Any = SecureCookieSessionInterface()

    #: Makes the way of this kind of application.
    settling: type[settle.Settling] = settle.Settling
    #: Whether a test client may want to keep contexts; real servers do not.
    watched = False

    #: Set by the development server: makes the page that shows an error in debug mode.
    debug_page: Callable[[Any, RequestContext, Exception], Any] | None = None

    #: False says that no sync code of this application blocks, so that it may run on the event loop.
    blocking = True

    def __init__(
        self, import_name: str, static_url_path: str | None = None, static_folder: Any = "static",
        static_host: str | None = None, host_matching: bool = False, subdomain_matching: bool = False,
        template_folder: Any = "templates", instance_path: str | None = None,
        instance_relative_config: bool = False, root_path: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            import_name, static_url_path, static_folder, static_host, host_matching, subdomain_matching,
            template_folder, instance_path, instance_relative_config, root_path,
        )  # fmt: skip
        self.lifecycle = Lifecycle(self)
        if self.policy.request_ids:
            mark_records()
        if self.has_static_folder:
            if bool(static_host) != host_matching:
                raise AssertionError("Invalid static_host/host_matching combination")
            self.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                endpoint="static",
                host=static_host,
                view_func=_static_view(ref(self)),
                static_files=self,
            )

    @cached_property
    def cli(self) -> commands.AppGroup:
        """The group of the application's own commands, made when first asked for."""
        group = super().cli
        group.name = self.name
        return group

    # What it is for a request.

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in OVERRIDABLE or name in _SETTLED_FROM:
            self.drop_way()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if name in OVERRIDABLE or name in _SETTLED_FROM:
            self.drop_way()

    def settle(self) -> Way:
        """Make the way anew: what this application is for a request, from all that it has now."""
        while True:
            changes = self._changes
            way = self._way = self.settling(self).way()
            if changes is self._changes:  # else another thread has changed something meanwhile
                return way

    def watch(self) -> None:
        """A test client may want to keep contexts: requests take the complete way, which asks."""
        if not self.watched:
            self.watched = True

    def look_again(self) -> None:
        """Drop the way if a method of the class was patched since: for test clients, before each request."""
        way = self._way
        if way is not None and way.steps != settle.class_steps(type(self)):
            self.drop_way()

    def forwarder(self) -> Callable[[Any], None] | None:
        """What puts the word of ``TRUSTED_PROXIES`` into an environ; None without any."""
        proxies = self.own_setting("TRUSTED_PROXIES")
        return None if proxies is None else forwarded.make_forwarder(proxies)

    # Entry points.

    def __call__(self, environ: Any, start_response: Any = None, send: Any = None) -> Any:
        """WSGI with two arguments, ASGI (scope, receive, send) with three.

        With one it is ASGI 2, which is what uvicorn takes an application for whose ``__call__`` is
        not a coroutine function.
        """
        if send is not None:
            serve = self._serve_asgi
            if serve is not None:
                return serve(self, environ, start_response, send)
            return self.asgi_app(environ, start_response, send)
        if start_response is not None:
            return self.wsgi_app(environ, start_response)
        return partial(self.asgi_app, environ)

    #: The WSGI application, apart from ``__call__`` so that middleware can be put around it:
    #: ``app.wsgi_app = Middleware(app.wsgi_app)`` works under every protocol.
    wsgi_app = overridable(wsgi.serve, "wsgi_app")

    def asgi_app(self, scope: Any, receive: Any = None, send: Any = None) -> Any:
        """The ASGI application, apart from ``__call__`` for the same reason; it knows ASGI 2 as well."""
        if send is None:
            return partial(self.asgi_app, scope)
        serve = self._asgi_adapter
        if serve is None:
            serve = self._choose_asgi(scope)
        return serve(self, scope, receive, send)

    def _choose_asgi(self, scope: Any) -> Any:
        """What serves by ASGI from now on."""
        if scope["type"] == "lifespan":  # nothing is settled before the application has started up
            return asgi.serve
        way = self._way or self.settle()
        serve = asgi.serve if way.observing is None else observed_async.serve_asgi
        for path, answer in self.answers_below:
            serve = asgi.with_answer_below(path, answer, serve)
        self._asgi_adapter = serve
        if "asgi_app" not in self.__dict__ and type(self).asgi_app is _own_asgi_app:
            self._serve_asgi = serve
        return serve

    def __rsgi__(self, scope: Any, protocol: Any) -> Awaitable[None]:
        """The RSGI application."""
        serve = self._rsgi_adapter
        if serve is None:
            way = self._way or self.settle()
            serve = self._rsgi_adapter = rsgi.serve if way.observing is None else observed_async.serve_rsgi
        answering: Awaitable[None] = serve(self, scope, protocol)
        return answering

    def is_health_path(self, path: str) -> bool:
        """Whether a server answers what comes to ``path`` even while every thread is busy."""
        return path in (self._way or self.settle()).health

    def wsgi_entry(self) -> Callable[[Any, Any], Any]:
        """What a server calls by WSGI, once this application has started up: itself, and who looks at its requests."""
        way = self._way or self.settle()
        return partial(observed.serve_wsgi, self) if way.wrapped and way.observing is not None else self

    def observed_entry(self) -> Callable[..., Any]:
        """What a request by WSGI meets first where somebody looks at it."""
        return observed.enter_wsgi

    def __rsgi_init__(self, loop: Any) -> None:
        """RSGI's start of a worker, before its loop runs."""
        loop.run_until_complete(self.lifecycle.startup())

    def __rsgi_del__(self, loop: Any) -> None:
        """RSGI's end of a worker, after its loop has stopped."""
        loop.run_until_complete(self.lifecycle.shutdown())

    # Contexts.

    def app_context(self) -> AppContext:
        """A context that makes this application current, for a ``with`` block."""
        return AppContext(self)

    @overridable
    def request_context(self, environ: Any) -> RequestContext:
        """A context for the request of a WSGI environ."""
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """A context for a request made up from the arguments of ``EnvironBuilder``."""
        builder = testing.EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    # The steps of a request, as methods: called by overriding code, and overridable themselves.

    @overridable
    def full_dispatch_request(self) -> Any:
        """Hooks, view, error handlers, hooks: the response of the current request."""
        self._got_first_request = True
        return drive(pipeline.full_dispatch(self, get_request_context()))

    @overridable
    def preprocess_request(self) -> Any:
        """Run what runs before the view; a value other than None is the response."""
        return drive(pipeline.preprocess(self, get_request_context()))

    @overridable
    def dispatch_request(self) -> Any:
        """What the view of the current request returns."""
        return drive(pipeline.dispatch(self, get_request_context()))

    @overridable
    def raise_routing_exception(self, request: Any) -> NoReturn:
        """Raise what routing left on the request.

        In debug mode, a redirect that would lose a form's data is an error with an explanation.
        """
        error = request.routing_exception
        loses_data = (
            self.debug
            and isinstance(error, RequestRedirect)
            and error.code not in {307, 308}
            and request.method not in {"GET", "HEAD", "OPTIONS"}
        )
        del error  # or its traceback keeps a cycle through this frame
        if not loses_data:
            raise request.routing_exception
        raise FormDataRoutingRedirect(request)

    def make_default_options_response(self) -> Any:
        """The automatic answer to OPTIONS: the methods the URL allows."""
        response = self.response_class()
        response.allow.update(get_request_context().url_adapter.allowed_methods())
        return response

    @overridable
    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """The response of what a view or error handler returned, with the after-request work done."""
        return drive(responses.finalize(self, get_request_context(), rv, from_error_handler))

    @overridable
    def process_response(self, response: Any) -> Any:
        """Run what runs after the view, and save the session."""
        return drive(responses.process(self, get_request_context(), response))

    @overridable
    def handle_http_exception(self, e: HTTPException) -> Any:
        """What the error handler for an HTTP exception returns; the exception when there is none."""
        return drive(failure.http_exception(self, get_request_context(), e))

    @overridable
    def handle_user_exception(self, e: Exception) -> Any:
        """What the error handler for an exception returns; raises it when there is none."""
        return drive(failure.user_exception(self, get_request_context(), e))

    @overridable
    def handle_exception(self, e: Exception) -> Any:
        """The response to an error nobody handled: 500, unless it shall propagate."""
        return drive(failure.exception(self, get_request_context(), e))

    def log_exception(self, exc_info: Any) -> None:
        """Log an error nobody handled; override to report it elsewhere."""
        ctx = get_request_context()
        self.logger.error("Exception on %s [%s]", ctx.request.path, ctx.request.method, exc_info=exc_info)

    @overridable
    def do_teardown_request(self, exc: BaseException | None = UNSET) -> None:
        """Run the teardown functions of the current request."""
        self._run_teardown(lambda ctx, e, errors: teardown.teardown_request(self, ctx, e, errors), exc)

    @overridable
    def do_teardown_appcontext(self, exc: BaseException | None = UNSET) -> None:
        """Run the teardown functions of the application context."""
        self._run_teardown(lambda ctx, e, errors: teardown.teardown_appcontext(self, ctx, e, errors), exc)

    def _run_teardown(self, steps: Callable[..., Steps[None]], exc: BaseException | None) -> None:
        errors: list[BaseException] = []
        drive(steps(current.get(None), None if exc is UNSET else exc, errors))
        if errors:
            teardown.report(self, errors)

    @overridable
    def make_response(self, rv: Any) -> Response:
        """A response of what a view returned.

        :raises TypeError: when it is nothing a response can be made of.
        """
        return cast(Response, responses.make_response(self, None, rv))

    # Async code called from sync code.

    @overridable
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` in a form that sync code can call: as it is, or waiting for the result.

        On an event loop's own thread nothing can wait: there, an async function's awaitable is
        returned, and whoever called has to await it.
        """
        return self.async_to_sync(func) if is_async(func) else func

    @overridable
    def async_to_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function that calls an async function on the process's loop and waits for its result."""

        def call(*args: Any, **kwargs: Any) -> Any:
            awaitable = func(*args, **kwargs)
            return awaitable if running_loop() is not None else wait(awaitable)

        return call

    def wrap_receiver(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """An async receiver of a signal that sync code sends, in a form that blinker can call.

        It is waited for; on an event loop, where nothing can wait, it runs as a task.
        """
        way = self._way or self.settle()
        return as_receiver(func) if way.sync is None else self.ensure_sync(func)

    def add_background_task(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run a sync or async function after the response, inside an application context (as Quart)."""
        self.lifecycle.add_background_task(func, *args, **kwargs)

    # URLs.

    @overridable
    def create_url_adapter(self, request: Any) -> MapAdapter | None:
        """Werkzeug's matcher and builder for a request, or for use outside of one.

        :raises SecurityError: for a Host that is malformed or not in ``TRUSTED_HOSTS``.
        """
        if request is None:
            server_name, root, scheme = across.place_of(self)
            if server_name is None:
                return None
            return self.url_map.bind(server_name, script_name=root, url_scheme=scheme)
        server_name = self.config["SERVER_NAME"]
        trusted = self.config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        request.__dict__.pop("host", None)  # looked up anew, with the list
        request.host  # noqa: B018 (raises when it is refused)
        url_map = self.url_map
        scope: dict[str, Any] = {"server_name": server_name}
        if url_map.host_matching:
            scope = {}  # or SERVER_NAME would be matched instead of the request's host
        elif not self.subdomain_matching:
            scope["subdomain"] = url_map.default_subdomain or ""
        return url_map.bind_to_environ(request.environ, **scope)

    inject_url_defaults = overridable(App.inject_url_defaults)

    def url_for(
        self, /, endpoint: str, *, _anchor: str | None = None, _method: str | None = None,
        _scheme: str | None = None, _external: bool | None = None, **values: Any,
    ) -> str:  # fmt: skip
        """The URL of an endpoint.

        :param endpoint: The endpoint; with a dot before it, one of the current blueprint. ``old:index`` is one of
            what is mounted as ``old``, ``:index`` of the application that this is mounted in, ``old:/path`` a path.
        :param _anchor: Put behind it as ``#anchor``.
        :param _method: Of the endpoint's rules, take the one for this method.
        :param _scheme: The scheme, which makes it external.
        :param _external: Give the whole URL; the default outside of requests.
        :param values: For the variable parts; the others go into the query string.
        :raises BuildError: when no rule fits (see ``url_build_error_handlers``).
        :raises RuntimeError: outside of a request without ``SERVER_NAME``.
        """
        ctx = current.get(None)
        request = None if ctx is None else ctx.request
        way = self._way or self.settle()
        if request is not None:
            if endpoint[:1] == ".":
                blueprint = request.blueprint
                endpoint = endpoint[1:] if blueprint is None else f"{blueprint}{endpoint}"
            if _external is None:
                _external = _scheme is not None
            if not _external and not way.by_adapter and _scheme is None:
                path = self._built(way, endpoint, values, _method, request.root_path)
                if path is not None:
                    return path if _anchor is None else f"{path}#{quote(_anchor, safe=_ANCHOR_SAFE)}"
            adapter = ctx.url_adapter  # type: ignore[union-attr]
        else:
            adapter = self.create_url_adapter(None) if ctx is None else ctx.url_adapter
            if adapter is None:
                raise RuntimeError(
                    "Unable to build URLs outside an active request without 'SERVER_NAME' configured. Also"
                    " configure 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed."
                )
            if _external is None:
                _external = True
            if way.injects_url_defaults:
                self.inject_url_defaults(endpoint, values)
        if _scheme is not None and not _external:
            raise ValueError("When specifying '_scheme', '_external' must be True.")
        if request is not None and (_external or way.by_adapter):
            self.inject_url_defaults(endpoint, values)
        try:
            url = way.router.build(endpoint, values, _method) if endpoint in way.elsewhere else None
            url = url or adapter.build(
                endpoint, values, method=_method, url_scheme=_scheme, force_external=_external
            )
        except BuildError as e:
            return self._built_elsewhere(
                e, ctx, adapter, endpoint, values, _method, _scheme, _external, _anchor
            )
        if _anchor is not None:
            url = f"{url}#{quote(_anchor, safe=_ANCHOR_SAFE)}"
        return cast(str, url)

    def _built_elsewhere(
        self, error: BuildError, ctx: AppContext | None, adapter: MapAdapter, endpoint: str, values: dict[str, Any],
        method: str | None, scheme: str | None, external: bool, anchor: str | None,
    ) -> str:  # fmt: skip
        """The URL of an endpoint without a rule here: another application's, or what a handler makes of the error."""
        if ":" in endpoint and (self.mounts or self.mounted is not None):
            try:
                url = across.url_across(
                    self, ctx, adapter, endpoint, values, method=method, scheme=scheme, external=external
                )
                return url if anchor is None else f"{url}#{quote(anchor, safe=_ANCHOR_SAFE)}"
            except BuildError as unknown:
                reason = unknown
        else:
            reason = error
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return self.handle_url_build_error(reason, endpoint, values)

    def _built(
        self, way: Way, endpoint: str, values: dict[str, Any], method: str | None, root: str
    ) -> str | None:
        """The path by the compiled builders, or None where only Werkzeug's can tell."""
        if way.injects_url_defaults:
            self.inject_url_defaults(endpoint, values)
        path = way.router.build(endpoint, values, method)
        return path if path is None or not root or path[0] != "/" else root + path

    def redirect(self, location: str, code: int | None = None) -> Response:
        """A response that redirects to ``location``.

        :param code: Its status; ``REDIRECT_CODE`` by default.
        :raises ValueError: natively, for control characters, or a scheme other than http, https and those of
            ``REDIRECT_SCHEMES``.
        """
        if self.policy.checked_redirects:
            named = self.own_setting("REDIRECT_SCHEMES") or ()
            # One text is one scheme, not a list of letters.
            others = (named,) if isinstance(named, str) else named
            check_location(location, ("http", "https", *(scheme.lower() for scheme in others)))
        return cast(Response, super().redirect(location, code))

    # Files and templates.

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds a file may be cached: ``SEND_FILE_MAX_AGE_DEFAULT``; override by file name."""
        return max_age_setting(self)

    @serves_folder
    def send_static_file(self, filename: str) -> Any:
        """A response with a file of the static folder.

        :raises RuntimeError: when no static folder is set.
        """
        return send_static_file(self, filename)

    def create_jinja_environment(self) -> Environment:
        """The Jinja environment, with what every template may use."""
        env = super().create_jinja_environment()
        names: dict[str, Any] = env.globals
        names["url_for"] = self.url_for
        names["config"] = self.config
        if self.policy.security_headers:
            names["csp_nonce"] = csp_nonce
        # Proxies, so that templates imported without context see the current request too.
        names |= {
            "get_flashed_messages": get_flashed_messages,
            "g": g,
            "request": request,
            "session": session,
        }
        return env

    @overridable
    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors return; the view's own variables win."""
        names: list[str | None] = [None]
        ctx = current.get(None)
        if ctx is not None and ctx.request is not None:
            names += reversed(ctx.request.blueprints)
        own = context.copy()
        sync = (self._way or self.settle()).sync
        processors = self.template_context_processors
        for name in names:
            if name in processors:
                for processor in processors[name]:
                    added = (processor if sync is None else sync(self, processor))()
                    context.update(wait(added) if is_awaitable(added) else added)
        context.update(own)

    # Running and testing.

    def make_shell_context(self) -> dict[str, Any]:
        """The names known in ``demijohn shell``."""
        return {"g": g, **super().make_shell_context()}

    def run(
        self, host: str | None = None, port: int | None = None, debug: bool | None = None,
        load_dotenv: bool = True, **options: Any,
    ) -> None:  # fmt: skip
        """Serve this application, for development: ``demijohn run`` in a method.

        :param host: Address to listen at; 127.0.0.1, or the host of ``SERVER_NAME``.
        :param port: Port to listen at; 5000, or the port of ``SERVER_NAME``.
        :param debug: Turn debug mode on or off.
        :param load_dotenv: Read ``.env`` and ``.flaskenv``.
        :param options: See :func:`demijohn.devserver.run_app`.
        """
        devserver.run_app(self, host, port, debug, load_dotenv=load_dotenv, **options)

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> testing.FlaskClient:
        """A client that sends requests to this application in process.

        :param use_cookies: Keep cookies between requests.
        :param kwargs: For ``test_client_class``: ``protocol`` and ``lifespan`` by default.
        """
        self.watch()
        cls = self.test_client_class or testing.FlaskClient
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def async_test_client(self, use_cookies: bool = True, **kwargs: Any) -> testing.AsyncFlaskClient:
        """A client for tests that are async themselves; parameters as :meth:`test_client`."""
        self.watch()
        cls = testing.AsyncFlaskClient
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: Any) -> testing.FlaskCliRunner:
        """A runner for this application's commands; ``kwargs`` are for its class."""
        cls = self.test_cli_runner_class or testing.FlaskCliRunner
        return cls(self, **kwargs)


def _static_view(reference: Any) -> Callable[..., Any]:
    """The view of an application's static files, which does not keep the application alive."""

    def static(**values: Any) -> Any:
        return reference().send_static_file(**values)

    return static


_own_asgi_app = Flask.asgi_app
