"""The composition root: the ``Flask`` class puts settings, dispatch and adapters together.

What Flask lets an application override are methods here; the request path calls them only where
one was overridden (see ``_custom``).

It is not split, because each method is one step that Flask lets an application override, and a
subclass reads them together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache, cached_property, partial
from importlib import import_module
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast
from urllib.parse import quote
from weakref import ref

from werkzeug.datastructures import Headers as WerkzeugHeaders
from werkzeug.exceptions import BadRequestKeyError, HTTPException
from werkzeug.routing import BuildError, MapAdapter, RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from demijohn.dispatch import failure, finish, matching, pipeline as dispatch, teardown
from demijohn.adapters import wsgi
from demijohn.setup.application import App
from demijohn.contexts.context import UNSET, AppContext, RequestContext, current
from demijohn.errors import FormDataRoutingRedirect
from demijohn.sessions.flashing import get_flashed_messages
from demijohn.http.redirects import check_location
from demijohn.json.provider import DefaultJSONProvider
from demijohn.setup.lifecycle import Lifecycle
from demijohn.contexts.proxies import g, get_request_context, request, session
from demijohn.wrappers.request import Request
from demijohn.wrappers.response import Response
from demijohn.routing import Router
from demijohn.waiting.callables import is_async
from demijohn.sessions import SecureCookieSessionInterface
from demijohn.signals import appcontext_popped, send_signal
from demijohn.wrappers.files import max_age_setting, send_static_file
from demijohn.templating import Environment
from demijohn.waiting.steps import Steps, as_receiver, drive, drive_async, running_loop, wait
from demijohn.wrappers.websocket import Websocket

if TYPE_CHECKING:  # the test client costs more to import than a hello world; users' editors know it
    from demijohn.testing import AsyncFlaskClient, FlaskClient, FlaskCliRunner

_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"

#: The steps of a request that an application may override; see ``Flask._custom``.
STEPS = frozenset(
    {
        "full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response",
        "process_response", "handle_exception", "handle_user_exception", "handle_http_exception",
        "do_teardown_request", "do_teardown_appcontext", "create_url_adapter", "raise_routing_exception",
        "update_template_context", "wsgi_app", "request_context", "ensure_sync", "async_to_sync",
        "inject_url_defaults",
    }
)  # fmt: skip

#: Overriding one of these has no part in where a request runs.
_NOT_STEPS_OF_A_REQUEST = frozenset(
    {"create_url_adapter", "update_template_context", "make_response", "inject_url_defaults"}
)


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

    #: The steps as this class has them; what differs in a subclass or instance is custom.
    _native_steps: ClassVar[dict[str, Any]]

    _eager_session = False
    _always_save_session = False
    _match_completely = False
    _plain_responses = True
    #: Whether the request object may be made when first asked for: making it does nothing else.
    _lazy_request = True
    #: Whether the adapters may make contexts that put off their environ.
    _direct = False
    _wsgi_replaced = False
    _own_url_defaults = False
    #: Whether the application has its own way of calling functions, which then calls them all.
    _own_sync = False
    _blocking_steps = False
    _plain_json = False
    _express = False
    _session_fields: Any = None
    #: Whether a test client may want to keep contexts; real servers do not.
    _watched = False
    _custom: frozenset[str] = frozenset()
    _proxies: Callable[[Any], None] | None = None
    #: The event loop that serves, and the thread it runs in.
    _loop: Any = None
    _thread: int | None = None

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
        self._good_hosts: set[str | None] = {None}
        self._async_known: dict[Any, bool] = {}
        super().__init__(
            import_name, static_url_path, static_folder, static_host, host_matching, subdomain_matching,
            template_folder, instance_path, instance_relative_config, root_path,
        )  # fmt: skip
        self.lifecycle = Lifecycle(self)
        self._note_steps()
        if self.has_static_folder:
            if bool(static_host) != host_matching:
                raise AssertionError("Invalid static_host/host_matching combination")
            self.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                endpoint="static",
                host=static_host,
                view_func=_static_view(ref(self)),
            )

    @cached_property
    def cli(self) -> Any:  # type: ignore[override]
        """The group of the application's own commands."""
        # Imported when asked for: click costs a quarter of the import time of a hello world.
        group = import_module("demijohn.setup.commands").AppGroup()
        group.name = self.name
        return group

    # What is overridden.

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in STEPS or name in {
            "request_class",
            "session_interface",
            "response_class",
            "blocking",
            "url_map",
            "json",
            "_got_first_request",
        }:
            self._note_steps()
        elif name == "asgi_app":
            object.__setattr__(self, "_serve_asgi", None)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if name in STEPS or name == "session_interface":
            self._note_steps()

    def _custom_steps(self) -> frozenset[str]:
        cls, own = type(self), self.__dict__
        return frozenset(
            step for step in STEPS if step in own or getattr(cls, step) is not self._native_steps[step]
        )

    def _note_steps(self) -> None:
        """Work out which steps are overridden and what follows from it for the request path."""
        if "_good_hosts" not in self.__dict__ or "subdomain_matching" not in self.__dict__:
            return  # still being made
        custom = self._custom_steps()
        put = object.__setattr__
        put(self, "_custom", custom)
        put(self, "_wsgi_replaced", "wsgi_app" in custom)
        put(self, "_own_url_defaults", "inject_url_defaults" in custom)
        put(self, "_own_sync", bool(custom & {"ensure_sync", "async_to_sync"}))
        put(
            self,
            "_match_completely",
            self.url_map.host_matching or self.subdomain_matching or "create_url_adapter" in custom,
        )
        put(self, "_plain_responses", self.response_class is Response and "make_response" not in custom)
        put(
            self,
            "_lazy_request",
            getattr(self.request_class, "__init__", None) is Request.__init__
            # COMPAT: whoever stands around the application finds environ["werkzeug.request"] afterwards.
            and (self.compat_level is None or not (self._watched or self._wsgi_replaced)),
        )
        put(self, "_plain_json", type(self.json) is DefaultJSONProvider)
        put(
            self,
            "_blocking_steps",
            any(not iscoroutinefunction(getattr(self, step)) for step in custom - _NOT_STEPS_OF_A_REQUEST),
        )
        interface = self.session_interface
        lazily = getattr(interface, "lazy", False) or (
            type(interface).open_session is SecureCookieSessionInterface.open_session
        )
        put(self, "_eager_session", not lazily)
        put(self, "_session_fields", getattr(interface, "header_fields", None))
        put(
            self,
            "_express",
            not (custom or self._eager_session or self._always_save_session or self._watched)
            and self._plain_responses
            and not self._wsgi_replaced
            # The first request takes the long way, which notes that there was one.
            and self._got_first_request,
        )
        # PERF: on the instance even where the class has the same; see RequestContext.
        put(
            self,
            "_direct",
            self._express
            and self._lazy_request
            and not self._match_completely
            and self._proxies is None
            and self._router is not None
            and self.compat_level is None,
        )
        put(self, "_always_save_session", self._always_save_session)
        put(self, "_watched", self._watched)
        put(self, "_proxies", self._proxies)
        put(self, "_plans", {})
        put(self, "_static_plans", {})

    def _freeze(self) -> Router:
        """Compile the routes and settle what does not change from here on."""
        forward = self.config.get("TRUSTED_PROXIES")
        if forward is not None:  # PERF: imported only where there are proxies (1.5% of an import of Flask)
            forward = import_module("demijohn.adapters.forwarded").make_forwarder(forward)
        object.__setattr__(self, "_proxies", forward)
        if hasattr(self.url_map, "update"):
            self.url_map.update()
        self._router = Router(self.url_map)
        self._note_steps()
        return self._router

    def _answers_itself(self, e: Exception) -> bool:
        """Whether an error is an HTTP error that no handler of this application could change."""
        return (
            isinstance(e, HTTPException)
            and not self.error_handler_spec
            and not self._custom
            and not isinstance(e, BadRequestKeyError)
            and not self.trap_http_exception(e)
        )

    def _is_async(self, function: Any) -> bool:
        known = self._async_known.get(function)
        if known is None:
            known = self._async_known[function] = is_async(function)
        return known

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
    wsgi_app = wsgi.serve

    def asgi_app(self, scope: Any, receive: Any = None, send: Any = None) -> Any:
        """The ASGI application, apart from ``__call__`` for the same reason; it knows ASGI 2 as well."""
        if send is None:
            return partial(self.asgi_app, scope)
        serve = _adapter("asgi").serve
        if "asgi_app" not in self.__dict__ and type(self).asgi_app is _own_asgi_app:
            object.__setattr__(self, "_serve_asgi", serve)
        return serve(self, scope, receive, send)

    #: PERF: where ``__call__`` goes once the adapter is there, unless ``asgi_app`` was replaced (0.1 us).
    _serve_asgi: Any = None

    def __rsgi__(self, scope: Any, protocol: Any) -> Awaitable[None]:
        """The RSGI application."""
        return _adapter("rsgi").serve(self, scope, protocol)  # type: ignore[no-any-return]

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

    def request_context(self, environ: Any) -> RequestContext:
        """A context for the request of a WSGI environ."""
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """A context for a request made up from the arguments of ``EnvironBuilder``."""
        builder = import_module("demijohn.testing").EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def _match(self, ctx: RequestContext) -> None:
        matching.match(self, ctx)

    def _teardown(self, ctx: RequestContext, exc: BaseException | None) -> None:
        if ctx.plan is None:  # pushed by hand, and failed on the way
            return
        drive(teardown.teardown(self, ctx, exc))

    def _popped(self, ctx: RequestContext) -> None:
        teardown.popped(self, ctx)

    async def _apop(self, ctx: AppContext, exc: BaseException | None) -> None:
        """Pop a context whose teardown functions may be async."""
        errors: list[BaseException] = []
        functions = tuple(reversed(self.teardown_appcontext_funcs))
        try:
            if isinstance(ctx, RequestContext):
                await drive_async(teardown.teardown(self, ctx, exc))
            else:
                await drive_async(teardown.teardown_appcontext(self, functions, exc, errors))
                teardown.report(self, errors)
        finally:
            ctx._leave()
            if appcontext_popped.receivers and ctx._scope is None:
                send_signal(appcontext_popped, self)

    # The steps of a request, as methods: called by overriding code, and overridable themselves.

    def full_dispatch_request(self) -> Any:
        """Hooks, view, error handlers, hooks: the response of the current request."""
        return drive(dispatch.pipeline(self, get_request_context(), inner=True))

    def preprocess_request(self) -> Any:
        """Run what runs before the view; a value other than None is the response."""
        return drive(dispatch.preprocess(self, get_request_context()))

    def dispatch_request(self) -> Any:
        """What the view of the current request returns."""
        rv = dispatch.dispatch(self, get_request_context())
        return self._waited(rv)

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

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """The response of what a view or error handler returned, with the after-request work done."""
        return drive(finish.finalize(self, get_request_context(), rv, from_error_handler))

    def process_response(self, response: Any) -> Any:
        """Run what runs after the view, and save the session."""
        return drive(finish.process(self, get_request_context(), response))

    def handle_http_exception(self, e: HTTPException) -> Any:
        """What the error handler for an HTTP exception returns; the exception when there is none."""
        return drive(failure.http_exception(self, get_request_context(), e))

    def handle_user_exception(self, e: Exception) -> Any:
        """What the error handler for an exception returns; raises it when there is none."""
        return drive(failure.user_exception(self, get_request_context(), e))

    def handle_exception(self, e: Exception) -> Any:
        """The response to an error nobody handled: 500, unless it shall propagate."""
        return drive(failure.exception(self, get_request_context(), e))

    def log_exception(self, exc_info: Any) -> None:
        """Log an error nobody handled; override to report it elsewhere."""
        ctx = get_request_context()
        self.logger.error("Exception on %s [%s]", ctx.request.path, ctx.request.method, exc_info=exc_info)

    def do_teardown_request(self, exc: BaseException | None = UNSET) -> None:
        """Run the teardown functions of the current request."""
        self._run_teardown(lambda ctx, e, errors: teardown.teardown_request(self, ctx, e, errors), exc)

    def do_teardown_appcontext(self, exc: BaseException | None = UNSET) -> None:
        """Run the teardown functions of the application context."""
        functions = tuple(reversed(self.teardown_appcontext_funcs))
        self._run_teardown(lambda _, e, errors: teardown.teardown_appcontext(self, functions, e, errors), exc)

    def _run_teardown(self, steps: Callable[..., Steps[None]], exc: BaseException | None) -> None:
        errors: list[BaseException] = []
        drive(steps(current.get(None), None if exc is UNSET else exc, errors))
        teardown.report(self, errors)

    def make_response(self, rv: Any) -> Response:
        """A response of what a view returned.

        :raises TypeError: when it is nothing a response can be made of.
        """
        status = headers = None
        if isinstance(rv, tuple):
            rv, status, headers = _unpacked(rv)
        if rv is None:
            raise TypeError(
                f"The view function for {request.endpoint!r} did not return a valid response. The function"
                " either returned None or ended without a return statement."
            )
        cls = self.response_class
        if not isinstance(rv, cls):
            if isinstance(rv, (str, bytes, bytearray, Iterator, AsyncIterator)):
                # Given to the class, which may have its own idea of defaults.
                rv = cls(rv, status=status, headers=headers)
                status = headers = None
            elif isinstance(rv, (dict, list)):
                rv = self.json.response(rv)
            elif isinstance(rv, BaseResponse) or callable(rv):
                rv = self._coerced(rv)
            else:
                raise TypeError(_not_a_response(rv))
        if status is not None:
            rv.status = status  # a code or a line, the setter knows
        if headers:
            rv.headers.update(headers)
        return cast(Response, rv)

    def _coerced(self, rv: Any) -> Any:
        """A response of another class, or what a WSGI application answers, as ours."""
        try:
            return self.response_class.force_type(rv, get_request_context().request.environ)
        except TypeError as e:
            raise TypeError(f"{e}\n{_not_a_response(rv)}") from None

    # Async code called from sync code.

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` in a form that sync code can call: as it is, or waiting for the result.

        On an event loop's own thread nothing can wait: there, an async function's awaitable is
        returned, and whoever called has to await it.
        """
        return self.async_to_sync(func) if is_async(func) else func

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
        return self.ensure_sync(func) if self._own_sync else as_receiver(func)

    def _waited(self, rv: Any) -> Any:
        return wait(rv) if hasattr(rv.__class__, "__await__") else rv

    def add_background_task(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run a sync or async function after the response, inside an application context (as Quart)."""
        self.lifecycle.add_background_task(func, *args, **kwargs)

    # URLs.

    def create_url_adapter(self, request: Any) -> MapAdapter | None:
        """Werkzeug's matcher and builder for a request, or for use outside of one.

        :raises SecurityError: for a Host that is malformed or not in ``TRUSTED_HOSTS``.
        """
        server_name = self.config["SERVER_NAME"]
        if request is None:
            if server_name is None:
                return None
            return self.url_map.bind(  # type: ignore[no-any-return]
                server_name,
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )
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
        return url_map.bind_to_environ(request.environ, **scope)  # type: ignore[no-any-return]

    def _neutral_url_adapter(self, request: Any) -> MapAdapter:
        """Builds URLs for a request whose Host was refused: as if it had sent none."""
        host = request.refuse_host()
        return self.url_map.bind(  # type: ignore[no-any-return]
            self.config["SERVER_NAME"] or host,
            script_name=request.root_path,
            subdomain=None if self.url_map.host_matching else self.url_map.default_subdomain or "",
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
        )

    def url_for(
        self, /, endpoint: str, *, _anchor: str | None = None, _method: str | None = None,
        _scheme: str | None = None, _external: bool | None = None, **values: Any,
    ) -> str:  # fmt: skip
        """The URL of an endpoint.

        :param endpoint: The endpoint; with a dot before it, one of the current blueprint.
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
        if request is not None:
            if endpoint[:1] == ".":
                blueprint = request.blueprint
                endpoint = endpoint[1:] if blueprint is None else f"{blueprint}{endpoint}"
            if _external is None:
                _external = _scheme is not None
            if not _external and not self._match_completely and _scheme is None:
                path = self._built(endpoint, values, _method, request.root_path)
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
            if self.url_default_functions or self._own_url_defaults:
                self.inject_url_defaults(endpoint, values)
        if _scheme is not None and not _external:
            raise ValueError("When specifying '_scheme', '_external' must be True.")
        if request is not None and (_external or self._match_completely):
            self.inject_url_defaults(endpoint, values)
        try:
            url = adapter.build(
                endpoint, values, method=_method, url_scheme=_scheme, force_external=_external
            )
        except BuildError as error:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(error, endpoint, values)
        if _anchor is not None:
            url = f"{url}#{quote(_anchor, safe=_ANCHOR_SAFE)}"
        return cast(str, url)

    def _built(self, endpoint: str, values: dict[str, Any], method: str | None, root: str) -> str | None:
        """The path by the compiled builders, or None where only Werkzeug's can tell."""
        if self.url_default_functions or self._own_url_defaults:
            self.inject_url_defaults(endpoint, values)
        path = (self._router or self._freeze()).build(endpoint, values, method)
        return path if path is None or not root else root + path

    def redirect(self, location: str, code: int = 302) -> Response:
        """A response that redirects to ``location``.

        :raises ValueError: natively, for a scheme other than http and https, or control characters.
        """
        target = location if self.compat_level else check_location(location)
        return cast(Response, super().redirect(target, code))

    # Files and templates.

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds a file may be cached: ``SEND_FILE_MAX_AGE_DEFAULT``; override by file name."""
        return max_age_setting(self)

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
        # Proxies, so that templates imported without context see the current request too.
        names |= {
            "get_flashed_messages": get_flashed_messages,
            "g": g,
            "request": request,
            "session": session,
        }
        return env

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors return; the view's own variables win."""
        names: list[str | None] = [None]
        ctx = current.get(None)
        if ctx is not None and ctx.request is not None:
            names += reversed(ctx.request.blueprints)
        own = context.copy()
        processors = self.template_context_processors
        for name in names:
            if name in processors:
                for processor in processors[name]:
                    if self._own_sync:
                        processor = self.ensure_sync(processor)
                    context.update(self._waited(processor()))
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
        serve = import_module("demijohn.devserver").run_app
        serve(self, host, port, debug, load_dotenv=load_dotenv, **options)

    def _watch(self) -> None:
        """A test client may want to keep contexts: requests take the long way, which asks."""
        self._watched = True
        self._note_steps()

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """A client that sends requests to this application in process.

        :param use_cookies: Keep cookies between requests.
        :param kwargs: For ``test_client_class``: ``protocol`` and ``lifespan`` by default.
        """
        self._watch()
        cls = self.test_client_class or import_module("demijohn.testing").FlaskClient
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)  # type: ignore[no-any-return]

    def async_test_client(self, use_cookies: bool = True, **kwargs: Any) -> AsyncFlaskClient:
        """A client for tests that are async themselves; parameters as :meth:`test_client`."""
        self._watch()
        cls = import_module("demijohn.testing").AsyncFlaskClient
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)  # type: ignore[no-any-return]

    def test_cli_runner(self, **kwargs: Any) -> FlaskCliRunner:
        """A runner for this application's commands; ``kwargs`` are for its class."""
        cls = self.test_cli_runner_class or import_module("demijohn.testing").FlaskCliRunner
        return cls(self, **kwargs)  # type: ignore[no-any-return]

    def _chain(self, environ: Any, start_response: Any) -> Any:
        """The outermost WSGI application there is around this one."""
        return self.wsgi_app(environ, start_response)

    async def _bridge(self, environ: Any, *ends: Any) -> None:
        """Answer a request by the WSGI middleware put around ``wsgi_app``.

        :param ends: ``receive`` and ``send`` under ASGI, the protocol under RSGI.
        """
        await _adapter("bridge").serve(self, environ, *ends)


Flask._native_steps = {step: getattr(Flask, step) for step in STEPS}


def _static_view(reference: Any) -> Callable[..., Any]:
    """The view of an application's static files, which does not keep the application alive."""

    def static(**values: Any) -> Any:
        return reference().send_static_file(**values)

    return static


_own_asgi_app = Flask.asgi_app


@cache
def _adapter(protocol: str) -> Any:
    """The adapter of a protocol, imported when it is first used: asyncio costs 9 ms."""
    return import_module(f"demijohn.adapters.{protocol}")


def _unpacked(rv: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Body, status and headers of a tuple a view returned."""
    if len(rv) == 3:
        return rv
    if len(rv) == 2:
        if isinstance(rv[1], (WerkzeugHeaders, dict, tuple, list)):
            return rv[0], None, rv[1]
        return rv[0], rv[1], None
    raise TypeError(
        "The view function did not return a valid response tuple. The tuple must have the form"
        " (body, status, headers), (body, status), or (body, headers)."
    )


def _not_a_response(rv: object) -> str:
    return (
        "The view function did not return a valid response. The return type must be a string, dict, list,"
        " tuple with headers or status, Response instance, or WSGI callable,"
        f" but it was a {type(rv).__name__}."
    )
