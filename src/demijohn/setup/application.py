"""The application's settings and registrations: everything that happens before a request.

What happens for a request is elsewhere (``dispatch``, ``adapters``), and ``demijohn.app`` puts the
two together. This module must not know how a request is handled.

It is not split, because Flask's class has these methods and one look at it shows all of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, ValuesView
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar, cast
from weakref import ref

from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError, HTTPException
from werkzeug.routing import BuildError
from werkzeug.utils import redirect as _werkzeug_redirect

from demijohn.setup.blueprint import Blueprint
from demijohn.config import Config, ConfigAttribute
from demijohn.contexts.namespace import _AppCtxGlobals
from demijohn.contexts.way import Way
from demijohn.setup.checks import weakness
from demijohn.setup.envvars import get_debug_flag
from demijohn.errors import LateRegistration
from demijohn.http import csp
from demijohn.http.cors import HEADERS, METHODS, Sharing
from demijohn.json.provider import DefaultJSONProvider, JSONProvider
from demijohn.setup.kinds import SETTINGS, Kind, check_settings
from demijohn.logging import create_logger
from demijohn.setup.operation import Operated
from demijohn.policy import Policy
from demijohn.setup.translator import Translator
from demijohn.routing import Map, Router, Rule
from demijohn.setup.mounting import Interface, Mount, check_rule, make_mount
from demijohn.setup.scaffold import (
    HookList, Scaffold, endpoint_from_view_func, find_package, open_for_reading, setupmethod,
)  # fmt: skip
from demijohn.static.place import Place
from demijohn.waiting.callables import is_async
from demijohn.templating import DispatchingJinjaLoader, Environment, default_template_ctx_processor

F = TypeVar("F", bound=Callable[..., Any])

_TEXT_SUFFIXES = (".txt", ".text", ".csv")
_TEMPLATE_SUFFIXES = (".j2", ".jinja", ".jinja2")


def _seconds(value: float | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


class App(Operated, Scaffold):
    """Settings and registrations of an application; users instantiate ``Flask``.

    :param import_name: Name of the defining module, usually ``__name__``: templates, static files
        and the instance folder are found from it.
    :param static_url_path: URL prefix of the static files; the folder's name by default.
    :param static_folder: Folder of static files, relative to ``root_path``; None for none.
    :param static_host: Host of the static files, with ``host_matching``.
    :param host_matching: Let rules match on the whole host.
    :param subdomain_matching: Let rules match on the sub-domain below ``SERVER_NAME``.
    :param template_folder: Folder of templates, relative to ``root_path``.
    :param instance_path: Absolute path of the instance folder.
    :param instance_relative_config: Relative configuration files are in the instance folder.
    :param root_path: Folder that relative paths start from.
    """

    #: Classes to replace in a subclass, as in Flask.
    aborter_class: type[Aborter] = Aborter
    app_ctx_globals_class: type = _AppCtxGlobals
    config_class: type[Config] = Config
    jinja_environment: type[Environment] = Environment
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    url_rule_class: type[Rule] = Rule
    url_map_class: type[Map] = Map
    test_client_class: Any = None
    test_cli_runner_class: Any = None
    session_interface: Any

    jinja_options: dict[str, Any] = {}  # noqa: RUF012 (Flask's public name)

    #: In what this application differs from one of Flask's.
    policy: Policy = Policy()
    #: None natively; the Flask version behaved as under ``demijohn.compat``. For extensions to read; nothing of
    #: this package does, but ``compat`` itself.
    compat_level: str | None = None

    #: What translates the texts of extensions, see :func:`demijohn.extend.set_translator`.
    translator: Translator | None = None
    #: Where this application is mounted itself.
    mounted: Mount | None = None
    #: What keeps static files in memory, once one was asked for.
    static_memory: Any = None

    #: What names in ``config`` begin with that Flask does not have: an application of Flask's may use any other.
    own_prefix = ""

    default_config: Any = ImmutableDict(
        {
            "DEBUG": None, "TESTING": False, "PROPAGATE_EXCEPTIONS": None, "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None, "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False, "TRUSTED_HOSTS": None, "TRUSTED_PROXIES": None, "SERVER_NAME": None,
            "APPLICATION_ROOT": "/", "SESSION_COOKIE_NAME": "session", "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_PATH": None, "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SECURE": "auto",
            "SESSION_COOKIE_PARTITIONED": False, "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_REFRESH_EACH_REQUEST": True, "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 500_000, "MAX_FORM_PARTS": 1_000, "MAX_FORM_FILES": 100,
            "MAX_QUERY_FIELDS": 1_000, "MAX_JSON_SIZE": 1024 * 1024, "MAX_JSON_DEPTH": None,
            "MAX_HEADER_SIZE": 408 * 1024,
            "SEND_FILE_MAX_AGE_DEFAULT": None, "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False, "EXPLAIN_TEMPLATE_LOADING": False,
            "PREFERRED_URL_SCHEME": "http", "TEMPLATES_AUTO_RELOAD": None, "MAX_COOKIE_SIZE": 4093,
            "PROVIDE_AUTOMATIC_OPTIONS": True, "REDIRECT_CODE": 302, "REDIRECT_SCHEMES": (), "THREADS": 32,
            "WEBSOCKET_ORIGINS": None, "WEBSOCKET_QUEUE_SIZE": 64, "WEBSOCKET_SEND_TIMEOUT": 20.0,
            "WEBSOCKET_MAX_MESSAGE": 1024 * 1024, "WEBSOCKET_IDLE_TIMEOUT": None,
            "BODY_SPOOL_SIZE": 1024 * 1024, "BODY_SPOOL_FOLDER": None,
            "BACKGROUND_TASK_SHUTDOWN_TIMEOUT": 5, "SECURITY_HEADERS": None,
            "HSTS": None, "CSP": csp.DEFAULT, "CSP_REPORT_ONLY": None, "CROSS_ORIGIN_CHECK": True,
            "TRUSTED_ORIGINS": (), "SILENCED_CHECKS": (), "STATIC_HASH": None,
            "STATIC_MEMORY": 16 * 1024 * 1024, "STATIC_ORIGIN": None, "HEALTH_ENDPOINTS": None,
            "READINESS_TIMEOUT": 2.0, "REQUEST_IDS": None,
            "ACCESS_LOG": None, "ACCESS_LOG_FORMAT": None, "SLOW_REQUEST_SECONDS": None,
        }
    )  # fmt: skip

    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME", get_converter=_seconds
    )

    def __init__(
        self, import_name: str, static_url_path: str | None = None, static_folder: Any = "static",
        static_host: str | None = None, host_matching: bool = False, subdomain_matching: bool = False,
        template_folder: Any = "templates", instance_path: str | None = None,
        instance_relative_config: bool = False, root_path: str | None = None,
    ) -> None:  # fmt: skip
        #: What this is for a request, once that is settled; any change drops it.
        self._way: Way | None = None
        #: Stands for all changes so far.
        self._changes = object()
        self._router: Router | None = None
        self._got_first_request = False
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError(
                "If an instance path is provided it must be absolute. A relative path was given instead."
            )
        self.instance_path = instance_path
        self.config = self.make_config(instance_relative_config)
        self._watch_config()
        #: Makes the exceptions of ``abort``.
        self.aborter = self.make_aborter()
        #: How JSON is read and written.
        self.json: JSONProvider = self.json_provider_class(self)
        #: Called with a BuildError when ``url_for`` knows no such endpoint.
        self.url_build_error_handlers: list[Callable[[Exception, str, dict[str, Any]], str | None]] = []
        self.teardown_appcontext_funcs: list[Any] = HookList((), self._changed_later)
        self.shell_context_processors: list[Callable[[], dict[str, Any]]] = []
        #: Registered blueprints by name.
        self.blueprints: dict[str, Blueprint] = {}
        #: State of extensions, by the extension's name.
        self.extensions: dict[str, Any] = {}
        #: What adapts views when their plans are made, see :func:`demijohn.extend.adapt_view`.
        self.view_adapters: list[Callable[[Any, Any], Any]] = []
        #: What looks, when a process starts, whether what adapters will be given makes sense.
        self.start_checks: list[Callable[[], None]] = []
        #: What finds a handler where none is registered, see :func:`demijohn.extend.answer_errors`.
        self.handler_finders: tuple[Callable[[Exception], Any], ...] = ()
        #: The kinds of settings of extensions, see :func:`demijohn.extend.expect_settings`.
        self.setting_kinds: dict[str, Kind] = {}
        #: What is told of a template before it is streamed, see :func:`demijohn.extend.before_stream`.
        self.template_streams: list[Callable[[Any], None]] = []
        self._begin_operation()
        #: Who may read answers from elsewhere, in the order in which :meth:`cors` said it.
        self.sharings: list[Sharing] = []
        #: The applications that are mounted in this one, by their names, in the order of :meth:`mount`.
        self.mounts: dict[str, Mount] = {}
        #: What answers below a path by ASGI before routes are looked at, see :func:`demijohn.extend.answer_below`.
        self.answers_below: list[tuple[str, Callable[[Any, Any, Any], Awaitable[None]]]] = []
        self.before_idle_funcs: list[Callable[[], Any]] = []
        self.before_serving_funcs: list[Callable[[], Any]] = []
        self.after_serving_funcs: list[Callable[[], Any]] = []
        self.while_serving_gens: list[Callable[[], Any]] = []
        self.url_map = self.url_map_class(host_matching=host_matching)
        self._watch_url_map()
        self.subdomain_matching = subdomain_matching
        self.template_context_processors[None] = [default_template_ctx_processor]

    def _watch_config(self) -> None:
        """Drop the way when one of the settings changes that it is made of."""
        config, reference = self.config, ref(self)
        names = ["DEBUG", *(self.own_prefix + name for name in _SETTLED_FROM)]
        before = [[config.get(name) for name in names]]

        def changed() -> None:
            app = reference()
            now = [config.get(name) for name in names]
            if app is not None and any(a is not b for a, b in zip(now, before[0], strict=True)):
                before[0] = now
                app.drop_way()

        if isinstance(config, Config):
            config.changed = changed

    def _watch_url_map(self) -> None:
        """Compile the router anew when a rule is added to the map, by whatever way."""
        add = self.url_map.add
        reference = ref(self)

        def watched(rulefactory: Any) -> None:
            add(rulefactory)
            app = reference()
            if app is not None:
                app._router = None
                app.drop_way()

        self.url_map.add = watched  # type: ignore[method-assign]

    def drop_way(self) -> None:
        """Note that something has changed: the next request is settled anew."""
        self._changes = object()
        self._way = self._serve_asgi = self._asgi_adapter = self._rsgi_adapter = None

    _changed = drop_way
    #: PERF: where ``__call__`` goes under ASGI, once that is known.
    _serve_asgi: Any = None
    #: What serves by ASGI and by RSGI, once that is known.
    _asgi_adapter: Any = None
    _rsgi_adapter: Any = None

    def router(self) -> Router:
        """The compiled routes, made anew when a rule was added."""
        router = self._router
        if router is None:
            if hasattr(self.url_map, "update"):
                self.url_map.update()
            router = self._router = Router(self.url_map, self.mounts.values())
        return router

    def freeze(self) -> None:
        """Note that the first request is here: from now on, what would register something is an error."""
        self._got_first_request = True
        self.warn_of_key()

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise LateRegistration.on_application(f_name)

    # Settings.

    def warn_of_key(self) -> None:
        """Tell, once, that the key is one that can be guessed: a warning, since what is printed has to run."""
        key = self.config["SECRET_KEY"]
        if not key or self._told_of_key or self.debug or self.testing:
            return
        reason = weakness(key)
        if reason is not None:
            self._told_of_key = True
            self.logger.warning(
                "SECRET_KEY %s, so anybody can sign in as anybody. Before others can reach the application, set it to"
                " one made by python -c 'import secrets; print(secrets.token_hex())'.",
                reason,
            )

    _told_of_key = False

    @cached_property
    def name(self) -> str:  # type: ignore[override]
        """The application's name: its import name, or the script's when run directly."""
        if self.import_name != "__main__":
            return self.import_name
        file = getattr(sys.modules["__main__"], "__file__", None)
        return "__main__" if file is None else os.path.splitext(os.path.basename(file))[0]

    @cached_property
    def logger(self) -> Any:
        """The application's :class:`logging.Logger`, named after it."""
        return create_logger(self)

    @property
    def debug(self) -> bool:
        """Whether debug mode is on: errors are shown, templates reloaded."""
        return cast(bool, self.config["DEBUG"])

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.jinja_env.auto_reload = value

    def check_settings(self, kinds: Mapping[str, Kind] | None = None) -> None:
        """Find settings of a wrong kind at start-up, and not where a visitor's request reads them.

        :param kinds: Those to look at; by default those of the core, and what extensions expect.
        :raises WrongSetting: for one that is of a kind it cannot be.
        """
        check_settings(self.config, {**SETTINGS, **self.setting_kinds} if kinds is None else kinds)

    def own_setting(self, name: str) -> Any:
        """A setting that Flask does not have, or its default: the core reads those here only."""
        return self.config.get(self.own_prefix + name, App.default_config.get(name))

    def make_config(self, instance_relative: bool = False) -> Config:
        """The configuration the application starts with."""
        defaults = dict(self.default_config)
        defaults["DEBUG"] = get_debug_flag()
        if "CSP" in defaults:  # one of the application's own, which it may add to
            defaults["CSP"] = {name: list(sources) for name, sources in csp.DEFAULT.items()}
        return self.config_class(self.instance_path if instance_relative else self.root_path, defaults)

    def make_aborter(self) -> Aborter:
        """The object behind ``abort``."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """The instance folder beside the package, or below the prefix it is installed under."""
        prefix, folder = find_package(self.import_name)
        if prefix is None:
            return os.path.join(folder, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def open_instance_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> Any:
        """Open a file of the instance folder, for writing too."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode, encoding=None if "b" in mode else encoding)

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = None) -> Any:
        """Open a file relative to ``root_path`` for reading.

        :raises ValueError: for a mode that writes.
        """
        return open_for_reading(os.path.join(self.root_path, resource), mode, encoding)

    # Templates.

    @cached_property
    def jinja_env(self) -> Environment:
        """The Jinja environment, made when first asked for."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        """Make the Jinja environment; the framework adds the globals."""
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        env = self.jinja_environment(self, **options)
        env.policies["json.dumps_function"] = self.json.dumps
        return env

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """The loader that asks the application, then its blueprints."""
        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether a template is escaped: all are, but those named as plain text."""
        if filename is None:
            return True
        for suffix in _TEMPLATE_SUFFIXES:
            filename = filename.removesuffix(suffix)
        return not filename.endswith(_TEXT_SUFFIXES)

    @setupmethod
    def template_filter(self, name: Any = None) -> Any:
        """Register the decorated function as a template filter, under its own name by default."""
        return self._template_decorator(self.add_template_filter, name)

    @setupmethod
    def add_template_filter(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Register a template filter."""
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(self, name: Any = None) -> Any:
        """Register the decorated function as a template test, under its own name by default."""
        return self._template_decorator(self.add_template_test, name)

    @setupmethod
    def add_template_test(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Register a template test."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(self, name: Any = None) -> Any:
        """Register the decorated function as a template global, under its own name by default."""
        return self._template_decorator(self.add_template_global, name)

    @setupmethod
    def add_template_global(self, f: Callable[..., Any], name: str | None = None) -> None:
        """Register a template global."""
        self.jinja_env.globals[name or f.__name__] = f

    # Registrations.

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Register a blueprint; options (``url_prefix``, ``name`` ...) override its own."""
        blueprint.register(self, options)

    @setupmethod
    def mount(
        self, prefix: str, other: Any, name: str | None = None, *, interface: Interface | None = None
    ) -> None:
        """Hand all that is below a prefix to another application, which starts and stops with this one.

        ::

            app.mount("/old", old_app, name="old")       # url_for("old:index")
            app.mount("/metrics", make_wsgi_app(), interface="wsgi")

        :param prefix: Where, beginning with a slash. The longest prefix that fits counts.
        :param other: An application of this package, or a WSGI or ASGI callable.
        :param name: What its endpoints begin with for ``url_for``; made of the prefix by default.
        :param interface: "wsgi" or "asgi", where that cannot be seen.
        :raises ValueError: for what cannot be mounted there, with the reason.
        """
        ours = isinstance(other, App)
        rules = self.url_map.iter_rules()
        host = cast(Any, self)
        made = make_mount(host, prefix, other, name, interface, ours, rules)
        self.mounts[made.name] = made
        if ours:
            other.mounted = other.mounted or made
        self._router = None
        self.drop_way()

    @property
    def is_mounted(self) -> bool:
        """Whether this application is mounted in another."""
        return self.mounted is not None

    def iter_blueprints(self) -> ValuesView[Blueprint]:
        """All blueprints, in the order they were registered."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None,
        provide_automatic_options: bool | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Register a URL rule; parameters as :meth:`Scaffold.add_url_rule`.

        :raises AssertionError: when the endpoint has another view, or (natively) the rule is taken.
        """
        if endpoint is None:
            endpoint = endpoint_from_view_func(view_func)
        options["endpoint"] = endpoint
        websocket = bool(options.get("websocket"))
        route = {name: options.pop(name) for name in _ROUTE_OPTIONS if name in options}
        methods = options.pop("methods", None)
        if methods is None:
            methods = _said(view_func, "methods") or ("GET",)
        if isinstance(methods, str):
            raise TypeError(
                'Allowed methods must be a list of strings, for example: @app.route(..., methods=["POST"])'
            )
        methods = {method.upper() for method in methods}
        if provide_automatic_options is None:
            claimed = getattr(view_func, "provide_automatic_options", None)
            provide_automatic_options = claimed if isinstance(claimed, bool) else None
        said = _said(view_func, "required_methods")
        required = {said} if isinstance(said, str) else set(said)
        if provide_automatic_options is None:
            provide_automatic_options = (
                "OPTIONS" not in methods and self.config["PROVIDE_AUTOMATIC_OPTIONS"] and not websocket
            )
            if provide_automatic_options:
                required.add("OPTIONS")
        made = self.url_rule_class(rule, methods=methods | required, **options)
        made.provide_automatic_options = bool(provide_automatic_options)
        owner = route.pop("static_files", None)
        for name, value in route.items():
            setattr(made, name, value)
        if owner is not None and view_func is not None:
            path = rule.partition("/<path:filename>")[0]
            made.static_files = Place(cast(Any, self), owner, endpoint, view_func, path)
        if view_func is not None:
            self._check_endpoint(endpoint, view_func)
        check_rule(self.mounts, rule)
        if self.policy.one_view_per_rule:
            self._check_taken(made, methods)
        self.url_map.add(made)
        if view_func is not None:
            self.view_functions[endpoint] = view_func

    def _check_endpoint(self, endpoint: str, view_func: Any) -> None:
        known = self.view_functions.get(endpoint)
        if known is not None and known != view_func:
            raise AssertionError(
                f"View function mapping is overwriting an existing endpoint function: {endpoint}."
                " Give one of the two views another name, or pass endpoint='...' to its route."
                if self.policy.explained_errors
                else f"View function mapping is overwriting an existing endpoint function: {endpoint}"
            )

    def _check_taken(self, rule: Any, methods: set[str]) -> None:
        """Refuse a second view for the same rule and method: it would never be called."""
        same_rule = self._rules_by_text.setdefault(_place(rule), [])
        for other in same_rule:
            both = methods & (methods if other.methods is None else other.methods - {"OPTIONS", "HEAD"})
            if both and other.endpoint != rule.endpoint:
                raise AssertionError(
                    f"The route {rule.rule!r} [{', '.join(sorted(both))}] is registered twice: for"
                    f" {other.endpoint!r} and now for {rule.endpoint!r}, which would never be called."
                    " Change the rule or the methods of one of them."
                )
        if not rule.alias:
            same_rule.append(rule)

    @cached_property
    def _rules_by_text(self) -> dict[Any, list[Any]]:
        return {}

    @setupmethod
    def teardown_appcontext(self, f: F) -> F:
        """Run ``f(exception or None)`` when an application context ends."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: F) -> F:
        """Add what ``f()`` returns to the names known in ``demijohn shell``."""
        self.shell_context_processors.append(f)
        return f

    @setupmethod
    def before_idle(self, f: F) -> F:
        """Run ``f()``, sync or async, when a request is about to wait for its client, context kept.

        Before the first part of a body held by ``stream_with_context``, and before ``receive()`` of
        a WebSocket waits for a message: the moment to give back what others may need meanwhile.
        """
        self.before_idle_funcs.append(f)
        return f

    @setupmethod
    def before_serving(self, f: F) -> F:
        """Run ``f()``, sync or async, in each worker before it serves (as Quart)."""
        self.before_serving_funcs.append(f)
        return f

    @setupmethod
    def after_serving(self, f: F) -> F:
        """Run ``f()``, sync or async, in each worker after it has served (as Quart)."""
        self.after_serving_funcs.append(f)
        return f

    @setupmethod
    def while_serving(self, f: F) -> F:
        """Run a generator function, sync or async, up to its yield before serving and on after."""
        self.while_serving_gens.append(f)
        return f

    #: Whether it has to be served by ASGI though nothing of it is asynchronous.
    needs_asgi = False

    @property
    def has_async(self) -> bool:
        """Whether any view, hook, handler or serving function is asynchronous, or ASGI was asked for."""
        if self.needs_asgi:
            return True
        tables = (
            self.before_request_funcs, self.after_request_funcs, self.teardown_request_funcs,
            self.template_context_processors, self.before_websocket_funcs,
        )  # fmt: skip
        functions: list[Any] = [*self.view_functions.values(), *self.teardown_appcontext_funcs]
        functions += [f for table in tables for funcs in table.values() for f in funcs]
        functions += [
            handler
            for by_code in self.error_handler_spec.values()
            for handlers in by_code.values()
            for handler in handlers.values()
        ]
        functions += [*self.before_serving_funcs, *self.after_serving_funcs]
        return (
            any(is_async(f) for f in functions)
            or any(mount.has_async for mount in self.mounts.values())
            or any(rule.websocket for rule in self.url_map.iter_rules())
            or any(_is_async_generator(f) for f in self.while_serving_gens)
        )

    # Pages of other sites.

    @setupmethod
    def cors(
        self, origins: Iterable[str] | str, path: str = "/", *, methods: Iterable[str] = METHODS,
        headers: Iterable[str] | str = HEADERS, expose: Iterable[str] = (), credentials: bool = False,
        max_age: int | None = 600,
    ) -> None:  # fmt: skip
        """Let scripts of other origins use what is below a path (CORS); of several, the longest path counts.

        :param origins: The origins, such as ``["https://shop.example"]``, or ``"*"`` for any.
        :param path: Where it holds: this path, and what is below it.
        :param methods: The methods that they may use.
        :param headers: The request's header fields that they may set; ``"*"`` for any.
        :param expose: The answer's header fields that they may read, besides the few that everybody may.
        :param credentials: Whether they may send cookies, and so act for a visitor.
        :param max_age: Seconds that browsers keep the answer to a preflight; None says nothing.
        :raises ValueError: for what is no origin, and for any origin together with credentials.
        """
        self.share(Sharing(origins, path, methods, headers, expose, credentials, max_age))

    def share(self, sharing: Sharing) -> None:
        """Keep what :meth:`cors` said, of the application or of a blueprint."""
        self.sharings.append(sharing)
        self.drop_way()

    # Errors.

    def find_error_handler(self, e: Exception, blueprints: Iterable[str]) -> Any:
        """The handler of the most specific class, blueprint before application, code before class."""
        spec = self.error_handler_spec
        handler = self._registered_handler(e, blueprints) if spec else None
        if handler is None:
            for find in self.handler_finders:
                handler = find(e)
                if handler is not None:
                    break
        return handler

    def _registered_handler(self, e: Exception, blueprints: Iterable[str]) -> Any:
        spec = self.error_handler_spec
        exc_class, code = self._get_exc_class_and_code(type(e))
        if isinstance(e, HTTPException) and code is None:
            code = e.code
        for wanted in (None,) if code is None else (code, None):
            for name in (*blueprints, None):
                handlers = spec[name][wanted] if name in spec and wanted in spec[name] else None
                if not handlers:
                    continue
                for cls in exc_class.__mro__:
                    handler = handlers.get(cls)
                    if handler is not None:
                        return handler
        return None

    def add_handler_finder(self, find: Callable[[Exception], Any]) -> None:
        """Have ``find(error)`` asked where no handler is registered; see :func:`demijohn.extend.answer_errors`."""
        self.handler_finders = (*self.handler_finders, find)

    # COMPAT: Flask's private name, which extensions may know.
    _find_error_handler = find_error_handler

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP exception is treated as an unhandled error instead of a response."""
        config = self.config
        if config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None and self.debug and isinstance(e, BadRequestKeyError):
            return True
        return bool(trap) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether teardown functions are not told about an error; override to decide."""
        return False

    # URLs.

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Let the ``url_defaults`` functions of the endpoint's blueprints add values."""
        if ":" in endpoint and (self.mounts or self.mounted is not None):
            return  # another application's, which has its own
        functions = self.url_default_functions
        names: list[str | None] = [None]
        if "." in endpoint:
            path = endpoint.rpartition(".")[0].split(".")
            names += [".".join(path[: count + 1]) for count in range(len(path))]
        for name in names:
            if name in functions:
                for f in functions[name]:
                    f(endpoint, values)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, Any]) -> str:
        """Ask the ``url_build_error_handlers``; re-raise the error when none has an answer."""
        raised: BuildError = error
        for handler in self.url_build_error_handlers:
            try:
                found = handler(error, endpoint, values)
            except BuildError as e:
                raised = e  # what the handler has to say is the better message
            else:
                if found is not None:
                    return found
        raise raised

    def redirect(self, location: str, code: int | None = None) -> Any:
        """A response that redirects to ``location``; the function ``redirect`` comes here.

        :param code: Its status; ``REDIRECT_CODE`` by default.
        """
        status = self._redirect_code if code is None else code
        return _werkzeug_redirect(location, code=status, Response=self.response_class)

    @property
    def _redirect_code(self) -> int:
        """The status of a redirect that says none."""
        return self.own_setting("REDIRECT_CODE") or 302

    response_class: Any

    def make_shell_context(self) -> dict[str, Any]:
        """The names known in ``demijohn shell``; the framework adds its own."""
        names: dict[str, Any] = {"app": self}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names


#: What ``add_url_rule`` keeps on the rule for the request path, rather than hand to Werkzeug.
_ROUTE_OPTIONS = (
    "stream",
    "blocking",
    "max_content_length",
    "max_form_memory_size",
    "max_form_files",
    "max_form_parts",
    "max_json_depth",
    "max_json_size",
    "max_query_fields",
    "csp",
    "cross_origin",
    "static_files",
)

#: The settings that a way is made of.
_SETTLED_FROM = (
    "TRUSTED_PROXIES", "SECURITY_HEADERS", "HSTS", "CSP", "CSP_REPORT_ONLY", "CROSS_ORIGIN_CHECK", "TRUSTED_ORIGINS",
    "BODY_SPOOL_SIZE", "BODY_SPOOL_FOLDER", "HEALTH_ENDPOINTS",
    "REQUEST_IDS", "ACCESS_LOG", "ACCESS_LOG_FORMAT", "SLOW_REQUEST_SECONDS",
    "DEBUG", "STATIC_HASH", "STATIC_MEMORY", "STATIC_ORIGIN", "USE_X_SENDFILE",
)  # fmt: skip


def _place(rule: Any) -> Any:
    """What two rules have in common that match the same requests, but for their methods."""
    defaults = tuple(sorted((name, repr(value)) for name, value in (rule.defaults or {}).items()))
    return rule.rule, rule.subdomain or "", rule.host or "", rule.websocket, rule.build_only, defaults


def _said(view: Any, name: str) -> str | tuple[str, ...]:
    """The HTTP methods that a view has in an attribute.

    An object that claims every attribute, as a mock does, has said nothing by it.
    """
    said = getattr(view, name, None)
    if isinstance(said, str):
        return said
    return tuple(said) if isinstance(said, Iterable) else ()


def _is_async_generator(f: Any) -> bool:
    code = getattr(f, "__code__", None)
    return code is not None and bool(code.co_flags & 0x200)  # CO_ASYNC_GENERATOR


__all__ = ["App"]
