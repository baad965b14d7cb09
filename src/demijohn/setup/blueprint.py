"""Blueprints: parts of an application that are registered as a whole, also inside one another.

A blueprint records what it wants done and does it to each application it is registered with. This
module must not know the application class, only the tables every scaffold has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any, Protocol, TypeVar

from demijohn.errors import LateRegistration
from demijohn.contexts.proxies import current_app
from demijohn.http.cors import HEADERS, METHODS, Sharing
from demijohn.setup.scaffold import (
    MISSING, Scaffold, endpoint_from_view_func, open_for_reading, refuse_async, setupmethod,
)  # fmt: skip
from demijohn.static.place import serves_folder
from demijohn.wrappers.files import max_age_setting, send_static_file

F = TypeVar("F", bound=Callable[..., Any])
Deferred = Callable[["BlueprintSetupState"], None]

_TABLES = (
    "before_request_funcs", "after_request_funcs", "teardown_request_funcs", "template_context_processors",
    "url_value_preprocessors", "url_default_functions", "before_websocket_funcs", "after_websocket_funcs",
    "teardown_websocket_funcs",
)  # fmt: skip


class Application(Protocol):
    """An application, as far as registering with it goes."""

    blueprints: dict[str, Blueprint]
    view_functions: dict[str, Callable[..., Any]]
    error_handler_spec: dict[Any, dict[int | None, dict[type[Exception], Any]]]

    @property
    def cli(self) -> Any:
        """The group of the application's own commands."""
        ...

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None,
        provide_automatic_options: bool | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Register a URL rule."""
        ...


class BlueprintSetupState:
    """One registration of a blueprint with an application, handed to the recorded functions."""

    def __init__(
        self, blueprint: Blueprint, app: Application, options: Any, first_registration: bool
    ) -> None:
        #: The application; any of its methods may be called.
        self.app: Any = app
        self.blueprint = blueprint
        #: The keyword arguments of ``register_blueprint``.
        self.options = options
        #: Whether this blueprint is registered with this app for the first time.
        self.first_registration = first_registration

        def option(name: str, fallback: Any) -> Any:
            value = options.get(name)
            return fallback if value is None else value

        self.subdomain: str | None = option("subdomain", blueprint.subdomain)
        self.url_prefix: str | None = option("url_prefix", blueprint.url_prefix)
        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults: dict[str, Any] = {
            **blueprint.url_values_defaults,
            **(options.get("url_defaults") or {}),
        }

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any
    ) -> None:
        """Register a rule with the application, below this registration's prefix and name."""
        prefix = self.url_prefix
        if prefix is not None:
            rule = "/".join((prefix.rstrip("/"), rule.lstrip("/"))) if rule else prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = endpoint_from_view_func(view_func)
        defaults = {**self.url_defaults, **(options.pop("defaults", None) or {})}
        full_name = f"{self.name_prefix}.{self.name}.{endpoint}".lstrip(".")
        self.app.add_url_rule(rule, full_name, view_func, defaults=defaults, **options)


class Blueprint(Scaffold):
    """Routes, hooks, templates and static files that are registered together.

    :param name: Prefixed to each endpoint.
    :param import_name: Name of the defining module, usually ``__name__``.
    :param static_folder: Folder of static files, relative to ``root_path``.
    :param static_url_path: URL prefix of the static files, below the blueprint's own.
    :param template_folder: Folder of templates; the application's come first.
    :param url_prefix: Put before each rule.
    :param subdomain: Default sub-domain of the rules.
    :param url_defaults: Default values of the rules' variable parts.
    :param root_path: Folder that relative paths start from.
    :param cli_group: Name of the group its commands go to; None puts them beside the app's own.
    """

    _got_registered_once = False

    def __init__(
        self, name: str, import_name: str, static_folder: Any = None, static_url_path: str | None = None,
        template_folder: Any = None, url_prefix: str | None = None, subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None, root_path: str | None = None, cli_group: Any = MISSING,
    ) -> None:  # fmt: skip
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)
        if not name or "." in name:
            wrong = "contain a dot '.' character" if name else "be empty"
            raise ValueError(f"'name' may not {wrong}.")
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[Deferred] = []
        self.url_values_defaults = url_defaults or {}
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise LateRegistration.on_blueprint(f_name, self.name)

    @setupmethod
    def record(self, func: Deferred) -> None:
        """Run ``func(state)`` at every registration with an application."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: Deferred) -> None:
        """Run ``func(state)`` at the first registration with each application only."""

        def once(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(once, func))

    def make_setup_state(self, app: Application, options: Any, first_registration: bool = False) -> Any:
        """The object recorded functions get; override to hand them another."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Register another blueprint below this one; options override its own."""
        if blueprint is self:
            raise ValueError("Cannot register a blueprint on itself")
        self._blueprints.append((blueprint, options))

    def register(self, app: Application, options: dict[str, Any]) -> None:
        """Register with ``app``; called by ``app.register_blueprint``.

        :raises ValueError: when the name is taken.
        """
        own_name = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own_name}".lstrip(".")
        if name in app.blueprints:
            which = "this" if app.blueprints[name] is self else "a different"
            where = "" if own_name == name else f" '{name}'"
            raise ValueError(
                f"The name '{own_name}' is already registered for {which} blueprint{where}."
                " Use 'name=' to provide a unique name."
            )
        first_with_app = not any(blueprint is self for blueprint in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first_with_app)
        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,
                endpoint="static",
                static_files=self,
            )
        self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._register_commands(app, name, options)
        for blueprint, nested in self._blueprints:
            blueprint.register(app, self._nested_options(state, name, blueprint, nested.copy()))

    def _register_commands(self, app: Application, name: str, options: dict[str, Any]) -> None:
        if not self._has_commands:
            return
        group = options.get("cli_group", self.cli_group)
        if group is None:
            app.cli.commands.update(self.cli.commands)
            return
        self.cli.name = name if group is MISSING else group
        app.cli.add_command(self.cli)

    @property
    def _has_commands(self) -> bool:
        # The group is made when first asked for, so its absence means that there are none.
        group = self.__dict__.get("cli")
        return group is not None and bool(group.commands)

    def _nested_options(
        self, state: BlueprintSetupState, name: str, child: Blueprint, options: dict[str, Any]
    ) -> dict[str, Any]:
        def joined(outer: str | None, inner: str | None, join: Callable[[str, str], str]) -> str | None:
            if outer is not None and inner is not None:
                return join(outer, inner)
            return inner if outer is None else outer

        subdomain = options.get("subdomain")
        if subdomain is None:
            subdomain = child.subdomain
        options["subdomain"] = joined(state.subdomain, subdomain, lambda outer, inner: f"{inner}.{outer}")
        prefix = options.get("url_prefix")
        if prefix is None:
            prefix = child.url_prefix
        options["url_prefix"] = joined(
            state.url_prefix, prefix, lambda outer, inner: f"{outer.rstrip('/')}/{inner.lstrip('/')}"
        )
        options["name_prefix"] = name
        return options

    def _merge_blueprint_funcs(self, app: Application, name: str) -> None:
        """Copy this blueprint's hooks into the application's tables, under ``name``."""
        for table in _TABLES:
            own, into = getattr(self, table), getattr(app, table)
            for scope, functions in own.items():
                into[name if scope is None else f"{name}.{scope}"].extend(functions)
        for scope, by_code in self.error_handler_spec.items():
            key = name if scope is None else f"{name}.{scope}"
            for code, handlers in by_code.items():
                app.error_handler_spec[key][code].update(handlers)
        for endpoint, function in self.view_functions.items():
            app.view_functions[endpoint] = function

    @setupmethod
    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None,
        provide_automatic_options: bool | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Register a URL rule below the blueprint's prefix; see :meth:`App.add_url_rule`."""
        if endpoint and "." in endpoint:
            raise ValueError("'endpoint' may not contain a dot '.' character.")
        if view_func is not None and "." in str(getattr(view_func, "__name__", "")):
            raise ValueError("'view_func' name may not contain a dot '.' character.")
        self.record(
            lambda state: state.add_url_rule(
                rule, endpoint, view_func, provide_automatic_options=provide_automatic_options, **options
            )
        )

    @setupmethod
    def cors(
        self, origins: Iterable[str] | str, *, methods: Iterable[str] = METHODS,
        headers: Iterable[str] | str = HEADERS, expose: Iterable[str] = (), credentials: bool = False,
        max_age: int | None = 600,
    ) -> None:  # fmt: skip
        """Let scripts of other origins use this blueprint's routes, and those of blueprints in it.

        With a prefix it holds for what is not found below that as well. Parameters as :meth:`App.cors`.
        """

        def share(state: BlueprintSetupState) -> None:
            prefix = state.url_prefix
            name = f"{state.name_prefix}.{state.name}".lstrip(".")
            path = (
                None if prefix is None or "<" in prefix or not prefix.strip("/") else f"/{prefix.strip('/')}"
            )
            state.app.share(Sharing(origins, path, methods, headers, expose, credentials, max_age, name))

        Sharing(origins, None, methods, headers, expose, credentials, max_age)  # what is wrong is told here
        self.record(share)

    # What a blueprint does to the whole application.

    def _to_app(self, table: str, f: Any) -> None:
        self.record_once(lambda state: getattr(state.app, table).setdefault(None, []).append(f))

    @setupmethod
    def before_app_request(self, f: F) -> F:
        """:meth:`before_request` for every request of the application."""
        self._to_app("before_request_funcs", f)
        return f

    @setupmethod
    def after_app_request(self, f: F) -> F:
        """:meth:`after_request` for every request of the application."""
        self._to_app("after_request_funcs", f)
        return f

    @setupmethod
    def teardown_app_request(self, f: F) -> F:
        """:meth:`teardown_request` for every request of the application."""
        self._to_app("teardown_request_funcs", f)
        return f

    @setupmethod
    def app_context_processor(self, f: F) -> F:
        """:meth:`context_processor` for every template of the application."""
        self._to_app("template_context_processors", f)
        return f

    @setupmethod
    def app_url_value_preprocessor(self, f: F) -> F:
        """:meth:`url_value_preprocessor` for every request of the application."""
        refuse_async(f, "app_url_value_preprocessor")
        self._to_app("url_value_preprocessors", f)
        return f

    @setupmethod
    def app_url_defaults(self, f: F) -> F:
        """:meth:`url_defaults` for every ``url_for`` of the application."""
        refuse_async(f, "app_url_defaults")
        self._to_app("url_default_functions", f)
        return f

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> Callable[[F], F]:
        """:meth:`errorhandler` for every request of the application."""
        if not isinstance(code, type):
            self._refuse_bare(code, "app_errorhandler", "404")

        def register(f: F) -> F:
            self.record_once(lambda state: state.app.errorhandler(code)(f))
            return f

        return register

    @setupmethod
    def app_template_filter(self, name: Any = None) -> Any:
        """Register the decorated function as a filter of all templates."""
        return self._template_decorator(self.add_app_template_filter, name)

    @setupmethod
    def add_app_template_filter(self, f: Any, name: str | None = None) -> None:
        """Register a filter of all templates, under its own name by default."""
        self.record_once(lambda state: state.app.add_template_filter(f, name=name))

    @setupmethod
    def app_template_test(self, name: Any = None) -> Any:
        """Register the decorated function as a test of all templates."""
        return self._template_decorator(self.add_app_template_test, name)

    @setupmethod
    def add_app_template_test(self, f: Any, name: str | None = None) -> None:
        """Register a test of all templates, under its own name by default."""
        self.record_once(lambda state: state.app.add_template_test(f, name=name))

    @setupmethod
    def app_template_global(self, name: Any = None) -> Any:
        """Register the decorated function as a global of all templates."""
        return self._template_decorator(self.add_app_template_global, name)

    @setupmethod
    def add_app_template_global(self, f: Any, name: str | None = None) -> None:
        """Register a global of all templates, under its own name by default."""
        self.record_once(lambda state: state.app.add_template_global(f, name=name))

    # Files.

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds a file sent by this blueprint may be cached: ``SEND_FILE_MAX_AGE_DEFAULT``."""
        return max_age_setting(current_app)

    @serves_folder
    def send_static_file(self, filename: str) -> Any:
        """A response with a file of the static folder.

        :raises RuntimeError: when no static folder is set.
        """
        return send_static_file(self, filename)

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> Any:
        """Open a file relative to ``root_path`` for reading; text modes decode with ``encoding``.

        :raises ValueError: for a mode that writes.
        """
        return open_for_reading(os.path.join(self.root_path, resource), mode, encoding)
