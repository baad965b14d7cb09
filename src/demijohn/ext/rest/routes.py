"""Routes of typed views, and the work at start-up: each view adapted to its rule.

This module must not know documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from werkzeug.routing import Rule

from demijohn import Blueprint, Flask
from demijohn.ext.rest.typed.handlers import Handler
from demijohn.ext.rest.typed.options import OPTIONS, Options, options_of
from demijohn.ext.rest.typed.parameters import place_of
from demijohn.ext.rest.typed.providers import Provider
from demijohn.ext.rest.around import around
from demijohn.ext.rest.callers import callers_of
from demijohn.ext.rest.typed.standing import by_rule_of, innermost, responding, without_version
from demijohn.ext.rest.versioned_resources import VersionedResources
from demijohn.ext.rest.versions import (
    ARGUMENT,
    METHODS,
    UNKNOWN,
    Span,
    Versions,
    unknown_version_rule,
    unknown_version_view,
    versioned_view,
)
from demijohn.extend import adapt_view, describe_routes, unproxied
from demijohn.sessions.server_side import SessionStore
from demijohn.views import http_method_funcs

__all__ = ["Group", "Operation", "Registry", "TypedRoutes", "registry_of"]

F = TypeVar("F", bound=Callable[..., Any])

#: Of what has no versions.
ALWAYS = Span(0, 0)

#: Where an application keeps what is known of its Apis.
KEY = "demijohn.rest"


@dataclass
class Operation:
    """A typed view as it was registered with an Api: for one rule and its methods, in some versions."""

    function: Callable[..., Any]
    options: Options
    rule: str
    methods: tuple[str, ...]
    span: Span = ALWAYS


@dataclass
class Group:
    """The typed views of one rule and its methods: one, or several for different versions."""

    rule: str
    methods: tuple[str, ...]
    endpoint: str
    rule_options: dict[str, Any]
    operations: list[Operation] = field(default_factory=list)


class TypedRoutes:
    """Registers typed views with an application or blueprint, and knows the providers of their arguments."""

    prefix: str
    #: The endpoints of resources, without the names of blueprints.
    endpoints: set[str]
    versions: Versions | None = None
    versioned_resources: VersionedResources | None = None
    #: Where answers to repeated requests are kept.
    store: SessionStore

    def __init__(self) -> None:
        #: The typed views by endpoint, without the names of blueprints.
        self.groups: dict[str, Group] = {}
        self.providers: dict[Any, Provider] = {}
        self._unbound_providers: list[Callable[..., Any]] = []
        #: The application or blueprint.
        self.owner: Flask | Blueprint | None = None
        self._apps: list[Flask] = []

    # Registering.

    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register the decorated view, typed, for a URL rule below the prefix.

        :param rule: The rule, such as ``/racks/<int:rack>``.
        :param options: Those of :func:`typed`; others are the rule's: ``methods``, ``endpoint``, ``defaults``, ...
        """
        said = {name: options.pop(name) for name in OPTIONS & options.keys()}
        methods = tuple(sorted(options.pop("methods", None) or ("GET",)))
        endpoint = options.pop("endpoint", None)
        span = self.span_of(options.pop("version", None), options.pop("until", None))

        def register(function: F) -> F:
            found = options_of(function, said)
            assert found is not None
            operation = Operation(function, found, rule, methods, span)
            group = self._group_of(operation)
            if group is not None:
                group.operations.append(operation)
                return function
            name = endpoint or self._free_endpoint(function.__name__)
            group = self.groups[name] = Group(rule, methods, name, options, [operation])
            if self.owner is not None:
                self._add(self.owner, group)
            return function

        return register

    def span_of(self, version: str | None, until: str | None) -> Span:
        """The versions from one up to another.

        :raises TypeError: where the Api has none.
        """
        if self.versions is not None:
            return self.versions.span(version, until)
        if version is not None or until is not None:
            raise TypeError("This Api has no versions: make it with Api(..., versions=Versions([...])).")
        return ALWAYS

    def _group_of(self, operation: Operation) -> Group | None:
        """The views of other versions for the same rule and methods."""
        if self.versions is None:
            return None
        for group in self.groups.values():
            if group.rule == operation.rule and group.methods == operation.methods:
                if any(one.span.first == operation.span.first for one in group.operations):
                    raise ValueError(
                        f"{place_of(operation.function)}: {operation.rule!r} has a view that begins with the same"
                        f" version, {place_of(group.operations[0].function)}. Say from which on: version=."
                    )
                return group
        return None

    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for GET."""
        return self.route(rule, methods=["GET"], **options)

    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for POST."""
        return self.route(rule, methods=["POST"], **options)

    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for PUT."""
        return self.route(rule, methods=["PUT"], **options)

    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for PATCH."""
        return self.route(rule, methods=["PATCH"], **options)

    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for DELETE."""
        return self.route(rule, methods=["DELETE"], **options)

    def provider(self, function: F) -> F:
        """Register what makes arguments of the type that it returns, once per request.

        :param function: ``def`` or ``async def``, also as a generator that yields once and then cleans up. Its own
            parameters are typed as a view's.
        """
        self._unbound_providers.append(function)
        return function

    def _free_endpoint(self, name: str) -> str:
        """A name that no other view of this Api has."""
        found, number = name, 2
        while found in self.groups:
            found = f"{name}_{number}"
            number += 1
        return found

    def rules_of(self, rule: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The rules that one stands for, below the prefix, with their defaults: one for each version of a path."""
        for before, version in [("", None)] if self.versions is None else self.versions.prefixes():
            yield f"{self.prefix}{before}{rule}", {} if version is None else {ARGUMENT: version}

    def _add(self, owner: Flask | Blueprint, group: Group) -> None:
        options = dict(group.rule_options)
        given = options.pop("defaults", None) or {}
        function = group.operations[0].function
        for rule, defaults in self.rules_of(group.rule):
            every = {**given, **defaults} or None
            owner.add_url_rule(
                rule, group.endpoint, function, methods=list(group.methods), defaults=every, **options
            )

    # Attaching.

    def attach(self, owner: Flask | Blueprint) -> None:
        """Serve the routes from an application or blueprint, those registered so far and later."""
        self.owner = owner
        if isinstance(owner, Blueprint):
            owner.record_once(lambda state: self._attach_to(state.app))
        else:
            owner = self.owner = unproxied(owner)
            self._attach_to(owner)
        for group in self.groups.values():
            self._add(owner, group)
        if self.versions is not None and (rule := unknown_version_rule(self.versions)) is not None:
            versions = self.versions
            owner.add_url_rule(self.prefix + rule, UNKNOWN, unknown_version_view(versions), methods=METHODS)

    def _attach_to(self, app: Flask) -> None:
        self._apps.append(app)
        registry_of(app).add(self)

    def bind_providers(self) -> None:
        """Find out what the providers make: late, when all names in their annotations are there."""
        while self._unbound_providers:
            provider = Provider(self._unbound_providers[0])
            taken = self.providers.get(provider.makes)
            if taken is not None:
                raise TypeError(
                    f"{place_of(provider.function)} and {place_of(taken.function)} both make {provider.makes!r} for one"
                    " Api. Keep one, or let one return a type of its own (a NewType will not do, a subclass will)."
                )
            self.providers[provider.makes] = provider
            del self._unbound_providers[0]


class Registry:
    """What an application knows of its Apis and typed views.

    :param app: The application.
    """

    def __init__(self, app: Flask) -> None:
        self.apis: list[TypedRoutes] = []
        self._views: dict[int, tuple[Rule, Any, Any]] = {}
        self._app = app

    def add(self, api: TypedRoutes) -> None:
        """Note an Api of the application."""
        self.apis.append(api)

    def api_of(self, endpoint: str) -> TypedRoutes | None:
        """The Api that an endpoint belongs to: that of its blueprint, else one of the application."""
        name = endpoint.rpartition(".")[0]
        while name:
            blueprint = self._app.blueprints.get(name)
            for api in self.apis:
                if api.owner is blueprint:
                    return api
            name = name.rpartition(".")[0]
        for api in self.apis:
            if api.owner is self._app and (endpoint in api.groups or endpoint in api.endpoints):
                return api
        return next((api for api in self.apis if api.owner is self._app), None) or next(iter(self.apis), None)

    def group_of(self, rule: Rule) -> Group | None:
        """The typed views of a rule as they were registered with its Api; None for a rule that was not."""
        api = self.api_of(rule.endpoint)
        return None if api is None else api.groups.get(rule.endpoint.rpartition(".")[2])

    def handler(self, rule: Rule, function: Any, options: Options, methods: Any = None) -> Handler:
        """The handler of a view for a rule."""
        api = self.api_of(rule.endpoint)
        assert api is not None
        api.bind_providers()
        arguments = frozenset(rule.arguments) - {ARGUMENT}
        taken = frozenset(methods or rule.methods or ()) - {"OPTIONS", "HEAD"}
        asked = [] if api.versions is None or api.versions.query is None else [api.versions.query]
        return Handler(
            function, options, arguments, taken, api.providers, checked=self._app.debug, asked=asked
        )

    def adapt(self, rule: Rule, view: Any) -> Any:
        """The view to call for a rule: a typed one with its arguments read, any other as it is."""
        known = self._views.get(id(rule))
        # The view of a rule is not always the same: that of static files has their folder, once one is served.
        if known is not None and known[0] is rule and known[1] == view:
            return known[2]
        adapted = self._adapted(rule, view)
        self._views[id(rule)] = rule, view, adapted
        return adapted

    def _adapted(self, rule: Rule, view: Any) -> Any:
        group = self.group_of(rule)
        if group is not None and group.operations[0].function is innermost(
            view, group.operations[0].function
        ):
            api = self.api_of(rule.endpoint)
            assert api is not None
            if api.versions is None:
                return self._finished(rule, self.handler(rule, view, group.operations[0].options))
            return self._versioned(api.versions, api, rule, group)
        options = options_of(view)
        if options is not None:
            return self._finished(rule, self.handler(rule, view, options))
        versioned = self._versioned_resource(rule)
        if versioned is not None:
            return versioned
        cls = getattr(view, "view_class", None)
        if cls is not None:
            self._adapt_methods(rule, cls)
        return view

    def _versioned(self, versions: Versions, api: TypedRoutes, rule: Rule, group: Group) -> Any:
        views: dict[str, Any] = {}
        made: dict[int, Any] = {}
        for name in versions.names:
            operation = versions.serving(((one.span, one) for one in group.operations), name)
            if operation is not None:
                if id(operation) not in made:
                    handler = self.handler(rule, operation.function, operation.options)
                    made[id(operation)] = self._finished(rule, handler)
                views[name] = made[id(operation)]

        def others(name: str) -> Iterator[str]:
            for other in api.groups.values():
                spans = ((one.span, one) for one in other.operations)
                if other.rule == group.rule and versions.serving(spans, name) is not None:
                    yield from other.methods

        of_path = (rule.defaults or {}).get(ARGUMENT)
        if (
            of_path is not None
            and not versions.looks
            and not versions.deprecated(of_path)
            and of_path in views
        ):
            return without_version(views[of_path])
        return versioned_view(versions, of_path, views, others)

    def resources_of(self, rule: Rule) -> tuple[VersionedResources, str, str | None] | None:
        """Of a rule of a resource in an Api with versions: those resources, the URL, and the version it names."""
        for api in self.apis:
            resources = api.versioned_resources
            place = None if resources is None else resources.place_of(rule)
            if resources is not None and place and (api.owner is self._app) != ("." in rule.endpoint):
                return resources, *place
        return None

    def view_of(self, rule: Rule, version: str | None) -> Any:
        """The view that a rule has, in a version if there are several; None where that has none."""
        found = None if version is None else self.resources_of(rule)
        if found is None or version is None:
            return self._app.view_functions.get(rule.endpoint)
        resources, url, of_path = found
        one = resources.serving(url).get(version)
        if one is None or of_path != (version if resources.versions.path is not None else None):
            return None
        return self._app.view_functions[_beside(rule.endpoint, one.endpoint)]

    def _versioned_resource(self, rule: Rule) -> Any:
        """The view of a rule of a resource in an Api with versions; None for a rule that is none."""
        found = self.resources_of(rule)
        if found is None:
            return None
        resources, url, of_path = found
        views: dict[str, Any] = {}
        for one in resources.serving(url).values():
            views[one.endpoint] = self._app.view_functions[_beside(rule.endpoint, one.endpoint)]
            self._adapt_methods(rule, views[one.endpoint].view_class)
        return resources.view(rule, url, of_path, views)

    def _finished(self, rule: Rule, handler: Handler) -> Any:
        """The view of a handler, with what its options put around it."""
        api = self.api_of(rule.endpoint)
        assert api is not None
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        return around(handler, handler.view(), api.store, f"{methods} {rule.rule}")

    def _adapt_methods(self, rule: Rule, cls: type) -> None:
        """Let the typed methods of a class have their arguments read, for this rule as well."""
        for name in sorted(http_method_funcs & set(dir(cls))):
            method = getattr(cls, name)
            by_rule = getattr(method, "__typed_by_rule__", None)
            function = method if by_rule is None else method.__typed_function__
            options = options_of(function)
            if options is None:
                continue
            handler = self.handler(rule, function, options, [name.upper()])
            if by_rule is None:
                by_rule = {}
                setattr(cls, name, by_rule_of(function, by_rule))
            by_rule[id(rule)] = responding(self._finished(rule, handler))

    def typed_methods(self, rule: Rule, version: str | None = None) -> Iterator[tuple[str, Handler | None]]:
        """The handlers of a rule by HTTP method, for documents.

        :param version: The version that is documented; a method that it does not have has None.
        """
        view: Any = self.view_of(rule, version)
        group = self.group_of(rule)
        cls = getattr(view, "view_class", None)
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if group is not None:
            operation: Operation | None = group.operations[0]
            api = self.api_of(rule.endpoint)
            if version is not None and api is not None and api.versions is not None:
                operation = api.versions.serving(((one.span, one) for one in group.operations), version)
            for method in methods:
                made = (
                    None if operation is None else self.handler(rule, operation.function, operation.options)
                )
                yield method, made
        elif (options := options_of(view)) is not None:
            handler = self.handler(rule, view, options)
            for method in methods:
                yield method, handler
        elif cls is not None:
            for method in methods:
                function = getattr(cls, method.lower(), None)
                function = getattr(function, "__typed_function__", function)
                options = options_of(function)
                if options is not None:
                    yield method, self.handler(rule, function, options, [method])

    def check(self) -> None:
        """Adapt every view now, so that what cannot be told is an error before the first request."""
        for rule in self._app.url_map.iter_rules():
            view = self._app.view_functions.get(rule.endpoint)
            if view is not None:
                self.adapt(rule, view)


def _beside(endpoint: str, name: str) -> str:
    """The endpoint of another view of the same blueprint."""
    return f"{endpoint.rpartition('.')[0]}.{name}" if "." in endpoint else name


def registry_of(app: Flask) -> Registry:
    """What an application knows of its Apis; made with the first of them."""
    registry: Registry | None = app.extensions.get(KEY)
    if registry is None:
        registry = app.extensions[KEY] = Registry(app)
        adapt_view(app, registry.adapt, registry.check, innermost=True)
        describe_routes(app, partial(callers_of, registry))
    return registry
