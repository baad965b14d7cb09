"""What an application and a blueprint have in common: routes, hooks, folders.

Everything here happens while the application is set up. The tables of hooks tell their owner when
they change, so that request plans made from them are made anew; this module must not know how.

It is not split, because an application and a blueprint offer the same decorators, and users look for
them in one place.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property, update_wrapper, wraps
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import ref

from jinja2 import BaseLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException, default_exceptions

from demijohn.errors import AsyncUnsupported
from demijohn.later import later
from demijohn.policy import Policy
from demijohn.waiting.callables import is_async

if TYPE_CHECKING:
    from demijohn.setup import commands
else:
    commands = later("demijohn.setup.commands")  # 25 % of an import of Flask: click

F = TypeVar("F", bound=Callable[..., Any])

MISSING: Any = object()

_METHODS = ("get", "post", "put", "delete", "patch")


def setupmethod(f: F) -> F:
    """Mark a method that may only be called before the owner is in use."""

    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._check_setup_finished(f.__name__)
        return f(self, *args, **kwargs)

    return cast(F, update_wrapper(guarded, f))


def refuse_async(f: Any, place: str) -> None:
    """Refuse an async function where its awaitable would be dropped.

    :raises AsyncUnsupported: with what to do instead.
    """
    if is_async(f):
        raise AsyncUnsupported(
            f"{f!r} is an async function and cannot be registered with {place}, where nothing is awaited."
            " Write it with 'def'; what has to be awaited belongs into a before_request function."
        )


class HookList(list[Any]):
    """A list of hooks that reports every change, for code that edits the tables directly."""

    def __init__(self, items: Iterable[Any], changed: Callable[[], None]) -> None:
        super().__init__(items)
        self.changed = changed


class HookTable(defaultdict[Any, Any]):
    """Hooks by scope: None for the application, else a blueprint's registered name."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self.changed = changed

    def __missing__(self, key: Any) -> HookList:
        value = HookList((), self.changed)
        dict.__setitem__(self, key, value)
        return value

    def __setitem__(self, key: Any, value: Iterable[Any]) -> None:
        dict.__setitem__(self, key, HookList(value, self.changed))
        self.changed()

    def setdefault(self, key: Any, default: Any = ()) -> HookList:  # type: ignore[override]
        """The list of ``key``, made of ``default`` first when there is none."""
        if key not in self:
            self[key] = default or ()
        return cast(HookList, self[key])


class WatchedDict(dict[Any, Any]):
    """A dictionary that reports every change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self.changed = changed


def _reporting(base: type, name: str) -> Any:
    original = getattr(base, name)

    @wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        self.changed()
        return result

    return method


for _name in (
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "__setitem__",
    "__delitem__",
    "__iadd__",
):
    setattr(HookList, _name, _reporting(list, _name))
for _name in ("__setitem__", "__delitem__", "update", "pop", "clear", "setdefault"):
    setattr(WatchedDict, _name, _reporting(dict, _name))
for _name in ("__delitem__", "pop", "clear"):
    setattr(HookTable, _name, _reporting(dict, _name))


class Scaffold:
    """Base of :class:`~demijohn.setup.application.App` and :class:`~demijohn.setup.blueprint.Blueprint`.

    :param import_name: Name of the module that defines the owner, usually ``__name__``.
    :param static_folder: Folder of static files, relative to ``root_path``.
    :param static_url_path: URL prefix of the static files; the folder's name by default.
    :param template_folder: Folder of templates, relative to ``root_path``.
    :param root_path: Folder that relative paths start from; found from ``import_name`` by default.
    """

    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self, import_name: str, static_folder: Any = None, static_url_path: str | None = None,
        template_folder: Any = None, root_path: str | None = None,
    ) -> None:  # fmt: skip
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path: str = get_root_path(import_name) if root_path is None else root_path
        changed = self._changed_later = _weakly(self)
        #: View functions by endpoint.
        self.view_functions: dict[str, Callable[..., Any]] = WatchedDict(changed)
        #: Error handlers by scope, code and exception class.
        self.error_handler_spec: dict[Any, dict[int | None, dict[type[Exception], Any]]] = defaultdict(
            _error_handlers
        )
        self.before_request_funcs: dict[Any, list[Any]] = HookTable(changed)
        self.after_request_funcs: dict[Any, list[Any]] = HookTable(changed)
        self.teardown_request_funcs: dict[Any, list[Any]] = HookTable(changed)
        self.template_context_processors: dict[Any, list[Any]] = HookTable(changed)
        self.url_value_preprocessors: dict[Any, list[Any]] = HookTable(changed)
        self.url_default_functions: dict[Any, list[Any]] = HookTable(changed)
        self.before_websocket_funcs: dict[Any, list[Any]] = HookTable(changed)
        self.after_websocket_funcs: dict[Any, list[Any]] = HookTable(changed)
        self.teardown_websocket_funcs: dict[Any, list[Any]] = HookTable(changed)

    def _changed(self) -> None:
        """Called when a table above changed; the application drops its plans."""

    def _check_setup_finished(self, f_name: str) -> None:
        """Raise when it is too late for the set-up method ``f_name``."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @cached_property
    def cli(self) -> commands.AppGroup:
        """The group of commands that the owner brings, made when first asked for."""
        return commands.AppGroup()

    # Folders.

    @property
    def static_folder(self) -> str | None:
        """Absolute path of the static folder, or None."""
        if self._static_folder is None:
            return None
        return os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Whether a static folder is set; it need not exist."""
        return self._static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """URL prefix of the static files: as set, or made from the folder's name."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self._static_folder is None:
            return None
        return f"/{os.path.basename(self._static_folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The loader of this owner's template folder; may be replaced in a subclass."""
        if self.template_folder is None:
            return None
        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    # Routes.

    def _refuse_bare(self, given: object, decorator: str, example: str) -> None:
        """Refuse a function where the argument of a decorator belongs: it was written without parentheses.

        :raises TypeError: with how it is written; not where the policy has Flask's errors, which are silent here.
        """
        policy: Policy | None = getattr(self, "policy", None)
        if callable(given) and (policy is None or policy.explained_errors):
            name = getattr(given, "__name__", repr(given))
            raise TypeError(
                f"@{decorator} of {name!r} in {self!r} has no parentheses, so nothing would be registered."
                f" Write @{decorator}({example})."
            )

    def _method_route(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[F], F]:
        self._refuse_bare(rule, method.lower(), '"/path"')
        if "methods" in options:
            raise TypeError("Use the 'route' decorator to use the 'methods' argument.")
        return self.route(rule, methods=[method], **options)

    def _template_decorator(self, add: Callable[..., None], name: Any) -> Any:
        # COMPAT: Flask 3.2 takes the decorators without parentheses as well.
        if callable(name):
            add(name)
            return name

        def register(f: F) -> F:
            add(f, name=name)
            return f

        return register

    @setupmethod
    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for GET (and with it HEAD and OPTIONS)."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for POST."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for PUT."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for DELETE."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        """:meth:`route` for PATCH."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register the decorated view for a URL rule; options as :meth:`add_url_rule`.

        :raises TypeError: when it is written without parentheses.
        """
        self._refuse_bare(rule, "route", '"/path"')

        def register(f: F) -> F:
            self.add_url_rule(rule, options.pop("endpoint", None), f, **options)
            return f

        return register

    @setupmethod
    def websocket(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register the decorated ``async def`` handler for WebSockets at a URL rule (as Quart)."""
        self._refuse_bare(rule, "websocket", '"/path"')

        def register(f: F) -> F:
            self.add_websocket(rule, options.pop("endpoint", None), f, **options)
            return f

        return register

    @setupmethod
    def add_websocket(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, **options: Any
    ) -> None:
        """Register a WebSocket handler, as :meth:`websocket` does.

        :raises TypeError: when the handler is not an async function.
        """
        if view_func is not None and not is_async(view_func):
            raise TypeError(
                f"The WebSocket handler {view_func!r} for {rule!r} must be an async function:"
                " it waits for messages. Write it with 'async def'."
            )
        self.add_url_rule(rule, endpoint, view_func, websocket=True, methods={"GET"}, **options)

    @setupmethod
    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None,
        provide_automatic_options: bool | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Register a URL rule.

        :param rule: The rule, such as ``/user/<int:id>``.
        :param endpoint: Its name for ``url_for``; the view's name by default.
        :param view_func: The view; None when it is added under the endpoint later.
        :param provide_automatic_options: Answer OPTIONS; by default unless the view lists it.
        :param options: ``methods``, ``defaults``, ``strict_slashes``, ``host``, ``subdomain``,
            ``stream`` (the view reads the request body as it arrives) and what Werkzeug's
            ``Rule`` takes.
        """
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Register the decorated view for an endpoint whose rules are added elsewhere."""
        self._refuse_bare(endpoint, "endpoint", '"name"')

        def register(f: F) -> F:
            self.view_functions[endpoint] = f
            return f

        return register

    # Hooks.

    @setupmethod
    def before_request(self, f: F) -> F:
        """Run ``f()`` before each request; what it returns other than None is the response."""
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: F) -> F:
        """Run ``f(response)`` after each request that got a response; it returns a response."""
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: F) -> F:
        """Run ``f(exception or None)`` when a request context ends, whatever happened."""
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def before_websocket(self, f: F) -> F:
        """Run ``f()`` before each WebSocket is handled; a response returned refuses it."""
        self.before_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_websocket(self, f: F) -> F:
        """Run ``f(response or None)`` after a WebSocket's handler has ended."""
        self.after_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_websocket(self, f: F) -> F:
        """Run ``f(exception or None)`` when a WebSocket's context ends."""
        self.teardown_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: F) -> F:
        """Add what ``f()`` returns to the variables of every template."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: F) -> F:
        """Run ``f(endpoint, view_args)``, a ``def``, on every matched request, before the other hooks."""
        refuse_async(f, "url_value_preprocessor")
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: F) -> F:
        """Run ``f(endpoint, values)``, a ``def``, on every ``url_for``, to add values in place."""
        refuse_async(f, "url_defaults")
        self.url_default_functions[None].append(f)
        return f

    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> Callable[[F], F]:
        """Register the decorated function for a status code or an exception class."""
        if not isinstance(code_or_exception, type):
            self._refuse_bare(code_or_exception, "errorhandler", "404")

        def register(f: F) -> F:
            self.register_error_handler(code_or_exception, f)
            return f

        return register

    @setupmethod
    def register_error_handler(self, code_or_exception: type[Exception] | int, f: Any) -> None:
        """Register ``f(error)`` for a status code or an exception class.

        :raises ValueError: for a code that HTTP does not have, or an instance.
        :raises TypeError: for a class that is not an exception.
        """
        exc_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exc_class] = f

    @staticmethod
    def _get_exc_class_and_code(exc_class_or_code: Any) -> tuple[type[Exception], int | None]:
        found = exc_class_or_code
        if isinstance(found, int):
            try:
                found = default_exceptions[found]
            except KeyError:
                raise ValueError(
                    f"'{found}' is not a recognized HTTP error code."
                    " Use a subclass of HTTPException with that code instead."
                ) from None
        if isinstance(found, Exception):
            raise TypeError(
                f"{found!r} is an instance, not a class. Handlers can only be registered"
                " for Exception classes or HTTP error codes."
            )
        if not (isinstance(found, type) and issubclass(found, Exception)):
            name = getattr(found, "__name__", None)
            number = isinstance(found, str) and found.isdecimal()
            raise ValueError(
                f"{(found if name is None else name)!r} is not a subclass of Exception. Handlers can only be"
                " registered for Exception classes or HTTP error codes."
                f"{f' A code is a number: {found}, without quotes.' if number else ''}"
            )
        if issubclass(found, HTTPException):
            return found, found.code
        return found, None


def _weakly(owner: Scaffold) -> Callable[[], None]:
    """``owner._changed`` for the owner's own tables: not a cycle, so that an owner is freed when it is let go."""
    reference = ref(owner)

    def changed() -> None:
        alive = reference()
        if alive is not None:
            alive._changed()

    return changed


def _error_handlers() -> dict[int | None, dict[type[Exception], Any]]:
    return defaultdict(dict)


def endpoint_from_view_func(view_func: Callable[..., Any]) -> str:
    """The endpoint a view gets when none is given: its function's name."""
    assert view_func is not None, "expected view func if endpoint is not provided."
    return view_func.__name__


def open_for_reading(path: str, mode: str, encoding: str | None) -> Any:
    """Open ``path`` in ``r``, ``rt`` or ``rb``.

    :raises ValueError: for any other mode.
    """
    if mode not in {"r", "rt", "rb"}:
        raise ValueError("Resources can only be opened for reading.")
    return open(path, mode, encoding=None if mode == "rb" else encoding)


def get_root_path(import_name: str) -> str:
    """The folder a module or package lives in; the working folder when it has no file.

    :raises RuntimeError: for a namespace package spread over several folders.
    """
    module = sys.modules.get(import_name)
    file: str | None = getattr(module, "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(file))
    try:
        spec = find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.loader is None:
        return os.getcwd()
    filename = getattr(spec.loader, "get_filename", None)
    found = filename(import_name) if filename is not None else spec.origin
    if found is None:
        found = getattr(sys.modules.get(import_name) or __import__(import_name), "__file__", None)
    if found is None:
        raise RuntimeError(
            f"No root path can be found for the module {import_name!r}: it comes from an import hook"
            " or is a namespace package of several folders. Pass root_path to the constructor."
        )
    folder: str = os.path.dirname(os.path.abspath(found))
    return folder


def _package_path(import_name: str) -> str:
    """The folder that contains the top-level package or module ``import_name`` belongs to."""
    top = import_name.partition(".")[0]
    spec = find_spec(top)
    if spec is None:
        raise ValueError("not found")
    if spec.submodule_search_locations:
        if spec.origin in {None, "namespace"}:
            # A namespace package: take the location that holds the module asked for.
            inner = find_spec(import_name)
            places = [Path(place) for place in spec.submodule_search_locations]
            held = Path((inner.origin if inner else None) or places[0])
            for place in places:
                if held.is_relative_to(place):
                    return str(place.parent)
            return str(places[0].parent)
        return os.path.dirname(next(iter(spec.submodule_search_locations)))
    return os.path.dirname(spec.origin or os.getcwd())


def find_package(import_name: str) -> tuple[str | None, str]:
    """Where a package is: ``(prefix it is installed under or None, folder containing it)``."""
    try:
        folder = _package_path(import_name)
    except (ImportError, AttributeError, ValueError):
        return None, os.getcwd()
    prefix = os.path.abspath(sys.prefix)
    if PurePath(folder).is_relative_to(prefix):
        return prefix, folder
    parent, name = os.path.split(folder)
    if name.lower() == "site-packages":
        above, last = os.path.split(parent)
        if last.lower() == "lib":  # Windows: prefix/Lib/site-packages
            return above, folder
        if os.path.basename(above).lower() == "lib":  # elsewhere: prefix/lib/pythonX.Y/site-packages
            return os.path.dirname(above), folder
        return parent, folder
    return None, folder
