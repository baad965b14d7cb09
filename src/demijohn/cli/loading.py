"""From what the user typed (``--app``) to the application object.

The forms are Flask's: a module or file, ``module:name``, ``module:factory('argument')``. Messages
name the module and say what to type instead.

The functions that Flask has too return an application without saying of which class: users know it as
``Flask``, which stands above.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard

import click

from demijohn.cli.ports import Application
from demijohn.contexts.context import current
from demijohn.later import later
from demijohn.setup.application import App
from demijohn.setup.commands import set_script_info_class
from demijohn.setup.envvars import get_debug_flag, get_load_dotenv

if TYPE_CHECKING:
    from demijohn.debugger import advice
else:
    advice = later("demijohn.debugger.advice")  # 20 ms, for an application that cannot be imported

_NOT_LOCATED = (
    "Could not locate a Flask application. Use the 'demijohn --app' option, the 'DEMIJOHN_APP' or"
    " 'FLASK_APP' environment variable, or a 'wsgi.py' or 'app.py' file in the current directory."
)


class NoAppException(click.UsageError):
    """No application was found, or the one that was named cannot be loaded."""


def is_application(value: object) -> TypeGuard[Application]:
    """Whether ``value`` is an application."""
    return isinstance(value, App)


def current_application() -> Application:
    """The application that a command runs for."""
    app = current.get().app
    assert is_application(app)
    return app


def find_best_app(module: ModuleType) -> Any:
    """The application of a module nobody named one in.

    ``app`` or ``application`` first, then the only application there is, then what the factory
    ``create_app`` or ``make_app`` returns.

    :raises NoAppException: When there is none, or more than one.
    """
    for name in ("app", "application"):
        if is_application(candidate := getattr(module, name, None)):
            return candidate
    candidates = [value for value in vars(module).values() if is_application(value)]
    if len(candidates) > 1:
        raise NoAppException(
            f"Detected multiple Flask applications in module '{module.__name__}'."
            f" Use '{module.__name__}:name' to specify the correct one."
        )
    if candidates:
        return candidates[0]
    for name in ("create_app", "make_app"):
        factory = getattr(module, name, None)
        if not inspect.isfunction(factory):
            continue
        app = _call(
            factory,
            f"Detected factory '{name}' in module '{module.__name__}', but could not call it without"
            f" arguments. Use '{module.__name__}:{name}(args)' to specify arguments.",
        )
        if is_application(app):
            return app
    raise NoAppException(
        f"Failed to find Flask application or factory in module '{module.__name__}'."
        f" Use '{module.__name__}:name' to specify one."
    )


def _call(
    factory: FunctionType, complaint: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> Any:  # fmt: skip
    """Call a factory; wrong arguments are the user's typing error, any other TypeError a bug to show."""
    try:
        return factory(*args, **(kwargs or {}))
    except TypeError as error:
        entered = any(frame.f_code is factory.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))
        if entered:
            raise
        raise NoAppException(complaint) from error


def find_app_by_string(module: ModuleType, app_name: str) -> Any:
    """The application called ``app_name`` in a module: a variable, or a call with literal arguments.

    :raises NoAppException: When the text is neither, or what it names is not an application.
    """
    name, args, kwargs = _parse_app_name(app_name)
    try:
        found = getattr(module, name)
    except AttributeError as error:
        raise NoAppException(
            f"Failed to find attribute {name!r} in {module.__name__!r}.{_what_there_is(module)}"
        ) from error
    if inspect.isfunction(found):
        complaint = (
            f"The factory {app_name!r} in module {module.__name__!r} could not be called with the"
            " specified arguments."
        )
        found = _call(found, complaint, args, kwargs)
    if is_application(found):
        return found
    raise NoAppException(
        f"A valid Flask application was not obtained from '{module.__name__}:{app_name}'."
        f" It gave {type(found).__name__!r}.{_what_there_is(module)}"
    )


def _what_there_is(module: ModuleType) -> str:
    """A sentence with what could be named instead."""
    names = sorted(name for name, value in vars(module).items() if is_application(value))
    return f" There is: {', '.join(f'{module.__name__}:{name}' for name in names)}." if names else ""


def _parse_app_name(app_name: str) -> tuple[str, list[Any], dict[str, Any]]:
    neither = f"Failed to parse {app_name!r} as an attribute name or function call."
    try:
        expression = ast.parse(app_name.strip(), mode="eval").body
    except SyntaxError:
        raise NoAppException(neither) from None
    if isinstance(expression, ast.Name):
        return expression.id, [], {}
    if not isinstance(expression, ast.Call):
        raise NoAppException(neither)
    if not isinstance(expression.func, ast.Name):
        raise NoAppException(f"Function reference must be a simple name: {app_name!r}.")
    try:
        args = [ast.literal_eval(value) for value in expression.args]
        kwargs = {word.arg: ast.literal_eval(word.value) for word in expression.keywords if word.arg}
    except ValueError:
        raise NoAppException(f"Failed to parse arguments as literal values: {app_name!r}.") from None
    return expression.func.id, args, kwargs


def prepare_import(path: str | os.PathLike[str]) -> str:
    """The dotted name a file or module path is imported by; its root goes first in ``sys.path``.

    The root is the nearest directory upwards that is not a package.
    """
    location = os.path.realpath(path)
    stem, extension = os.path.splitext(location)
    if extension == ".py":
        location = stem
    if os.path.basename(location) == "__init__":
        location = os.path.dirname(location)
    root, name = os.path.split(location)
    names = [name]
    while os.path.exists(os.path.join(root, "__init__.py")):
        root, name = os.path.split(root)
        names.append(name)
    if sys.path[:1] != [root]:
        sys.path.insert(0, root)
    return ".".join(reversed(names))


def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> Any:
    """Import a module and find the application in it.

    :param app_name: What :func:`find_app_by_string` takes; None looks for the best one.
    :param raise_if_not_found: False gives None when there is no such module. An ImportError that
        arises inside the module is never hidden.
    :raises NoAppException: As said.
    """
    try:
        __import__(module_name)
    except ImportError as error:
        # One frame, this one: the module itself is missing. More: it exists and its own import failed.
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            said = f"While importing {module_name!r}, an ImportError was raised:\n\n{traceback.format_exc()}"
            raise NoAppException(f"{said}\n{advice.advise(error)}".rstrip()) from None
        if raise_if_not_found:
            raise NoAppException(
                f"Could not import {module_name!r}. There is no module of that name in {sys.path[0]!r}, and"
                " none is installed."
            ) from None
        return None
    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


class ScriptInfo:
    """What a command line knows of its application, and the place it is loaded from once.

    :param app_import_path: As ``--app`` gives it; None looks for ``wsgi.py`` and ``app.py``.
    :param create_app: A function that makes the application, instead of a path.
    :param set_debug_flag: Whether the environment's debug setting is put on the application.
    :param load_dotenv_defaults: Whether dotenv files are wanted (for whoever loads them).
    """

    def __init__(
        self, app_import_path: str | None = None, create_app: Callable[..., Any] | None = None,
        set_debug_flag: bool = True, load_dotenv_defaults: bool = True,
    ) -> None:  # fmt: skip
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        #: Free for commands to leave notes for each other.
        self.data: dict[Any, Any] = {}
        self._loaded_app: Any = None

    def load_app(self) -> Any:
        """The application, loaded on the first call.

        :raises NoAppException: When there is none to be found.
        """
        if self._loaded_app is None:
            app = self.create_app() if self.create_app is not None else self._locate()
            if app is None:
                raise NoAppException(_NOT_LOCATED)
            if self.set_debug_flag:
                # Through the attribute, so that what depends on it follows.
                app.debug = get_debug_flag()
            self._loaded_app = app
        return self._loaded_app

    def _locate(self) -> Any:
        if self.app_import_path:
            # A colon before a slash belongs to a Windows drive.
            path, *name = re.split(r":(?![\\/])", self.app_import_path, maxsplit=1)
            return locate_app(prepare_import(path), name[0] if name else None)
        for path in ("wsgi.py", "app.py"):
            app = locate_app(prepare_import(path), None, raise_if_not_found=False)
            if app is not None:
                return app
        return None


set_script_info_class(ScriptInfo)

pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)
