"""Routes of typed views, and the work at start-up: each view adapted to its rule.

This module must not know documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from werkzeug.routing import Rule

from demijohn import Blueprint, Flask, request
from demijohn.ext.rest.typed.handlers import Handler
from demijohn.ext.rest.typed.options import OPTIONS, Options, options_of
from demijohn.ext.rest.typed.parameters import place_of
from demijohn.ext.rest.typed.providers import Provider
from demijohn.extend import adapt_view, nonblocking, unproxied
from demijohn.views import http_method_funcs

__all__ = ["Operation", "Registry", "TypedRoutes", "registry_of"]

F = TypeVar("F", bound=Callable[..., Any])

#: Where an application keeps what is known of its Apis.
KEY = "demijohn.rest"


@dataclass
class Operation:
    """A typed view as it was registered with an Api: for one rule and its methods."""

    function: Callable[..., Any]
    options: Options
    rule: str
    methods: tuple[str, ...]
    endpoint: str
    rule_options: dict[str, Any] = field(default_factory=dict)


class TypedRoutes:
    """Registers typed views with an application or blueprint, and knows the providers of their arguments."""

    prefix: str

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
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

        def register(function: F) -> F:
            name = self._free_endpoint(endpoint or function.__name__, given=endpoint is not None)
            found = options_of(function, said)
            assert found is not None
            operation = Operation(function, found, rule, methods, name, options)
            self.operations[name] = operation
            if self.owner is not None:
                self._add(self.owner, operation)
            return function

        return register

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

    def _free_endpoint(self, name: str, *, given: bool) -> str:
        """A name that no other view of this Api has."""
        if given or name not in self.operations:
            return name
        number = 2
        while f"{name}_{number}" in self.operations:
            number += 1
        return f"{name}_{number}"

    def _add(self, owner: Flask | Blueprint, operation: Operation) -> None:
        owner.add_url_rule(
            self.prefix + operation.rule, operation.endpoint, operation.function, methods=list(operation.methods),
            **operation.rule_options,
        )  # fmt: skip

    # Attaching.

    def attach(self, owner: Flask | Blueprint) -> None:
        """Serve the routes from an application or blueprint, those registered so far and later."""
        self.owner = owner
        if isinstance(owner, Blueprint):
            owner.record_once(lambda state: self._attach_to(state.app))
        else:
            owner = self.owner = unproxied(owner)
            self._attach_to(owner)
        for operation in self.operations.values():
            self._add(owner, operation)

    def _attach_to(self, app: Any) -> None:
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
        self._handlers: dict[int, Handler] = {}
        self._views: dict[int, tuple[Rule, Any]] = {}
        self._checked = False
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
            if api.owner is self._app and endpoint in api.operations:
                return api
        return next((api for api in self.apis if api.owner is self._app), None) or next(iter(self.apis), None)

    def operation_of(self, rule: Rule) -> Operation | None:
        """The typed view of a rule as it was registered with its Api; None for one that was not."""
        api = self.api_of(rule.endpoint)
        return None if api is None else api.operations.get(rule.endpoint.rpartition(".")[2])

    def handler(self, rule: Rule, function: Any, options: Options, methods: Any = None) -> Handler:
        """The handler of a view for a rule."""
        api = self.api_of(rule.endpoint)
        assert api is not None
        api.bind_providers()
        arguments = frozenset(rule.arguments)
        taken = frozenset(methods or rule.methods or ()) - {"OPTIONS", "HEAD"}
        return Handler(function, options, arguments, taken, api.providers, checked=self._app.debug)

    def adapt(self, rule: Rule, view: Any) -> Any:
        """The view to call for a rule: a typed one with its arguments read, any other as it is."""
        known = self._views.get(id(rule))
        if known is not None and known[0] is rule:
            return known[1]
        adapted = self._adapted(rule, view)
        self._views[id(rule)] = rule, adapted
        return adapted

    def _adapted(self, rule: Rule, view: Any) -> Any:
        operation = self.operation_of(rule)
        if operation is not None and operation.function is _innermost(view, operation.function):
            return self.handler(rule, view, operation.options).view()
        options = options_of(view)
        if options is not None:
            return self.handler(rule, view, options).view()
        cls = getattr(view, "view_class", None)
        if cls is not None:
            self._adapt_methods(rule, cls)
        return view

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
            self._handlers[id(rule)] = handler
            if by_rule is None:
                by_rule = {}
                setattr(cls, name, _by_rule(function, by_rule))
            by_rule[rule] = handler.view()

    def typed_methods(self, rule: Rule) -> Iterator[tuple[str, Handler]]:
        """The handlers of a rule by HTTP method, for documents."""
        view: Any = self._app.view_functions.get(rule.endpoint)
        operation = self.operation_of(rule)
        cls = getattr(view, "view_class", None)
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if operation is not None or options_of(view) is not None:
            options = options_of(view) if operation is None else operation.options
            assert options is not None
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


def _innermost(view: Any, function: Any) -> Any:
    """The view, or what it wraps, where that is the function."""
    seen = view
    while seen is not function and hasattr(seen, "__wrapped__"):
        seen = seen.__wrapped__
    return seen


def _by_rule(function: Callable[..., Any], views: dict[Rule, Callable[..., Any]]) -> Callable[..., Any]:
    """A method that has its arguments read as the rule of the request needs it."""

    def method(self: Any, *args: Any, **path: Any) -> Any:
        rule = request.url_rule if request else None
        view = None if rule is None or args else views.get(rule)
        return function(self, *args, **path) if view is None else view(self, **path)

    method.__name__, method.__doc__ = function.__name__, function.__doc__
    marked: Any = method
    marked.__typed_by_rule__, marked.__typed_function__ = views, function
    return method


def registry_of(app: Flask) -> Registry:
    """What an application knows of its Apis; made with the first of them."""
    registry: Registry | None = app.extensions.get(KEY)
    if registry is None:
        registry = app.extensions[KEY] = Registry(app)
        adapt_view(app, registry.adapt)
        app.before_serving(nonblocking(lambda: app.extensions[KEY].check()))
    return registry
