"""Names that Flask and what it stands on removed, for applications that still import them.

``install(level="2.2")`` brings them back. Each warns when it is used, and names what replaces it.
Level 2.0 is the same, and requests take JSON as then: one of another media type is no JSON rather
than an error, which Flask-RESTful's request parser relies on.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from io import StringIO
from types import ModuleType
from typing import Any, NoReturn

import markupsafe
from werkzeug.security import safe_join

from demijohn.compat import aliases, older_answers, older_app, older_werkzeug
from demijohn.compat.contexts import _cv_app, _cv_request
from demijohn.compat.extensions import OtherLoader
from demijohn.json import dumps


class _Stack:
    """One of the two stacks of contexts that Flask had before context variables."""

    def __init__(self, variable: Any) -> None:
        self._variable = variable

    @property
    def top(self) -> Any:
        """The current context, or None."""
        return self._variable.get(None)

    def push(self, ctx: Any) -> None:
        """Push a context."""
        ctx.push()

    def pop(self) -> Any:
        """Pop the current context."""
        ctx = self.top
        if ctx is not None:
            ctx.pop()
        return ctx


_request_ctx_stack = _Stack(_cv_request)
_app_ctx_stack = _Stack(_cv_app)


def htmlsafe_dumps(obj: Any, **kwargs: Any) -> Any:
    """JSON that can stand in a script element."""
    text = dumps(obj, **kwargs)
    for char in "<>&'":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return markupsafe.Markup(text)  # noqa: S704 (escaped above)


def get_env() -> str:
    """The environment, which is production: others are told by debug mode."""
    return "production"


def total_seconds(td: Any) -> int:
    """The seconds of a timedelta."""
    return int(td.total_seconds())


_STACKS = {
    "_request_ctx_stack": (_request_ctx_stack, "flask.globals.request_ctx"),
    "_app_ctx_stack": (_app_ctx_stack, "flask.globals.app_ctx"),
}
_JOIN = {"safe_join": (safe_join, "werkzeug.utils.safe_join")}
_CODERS = {
    "JSONEncoder": (older_app.JSONEncoder, "a subclass of flask.json.provider.DefaultJSONProvider"),
    "JSONDecoder": (older_app.JSONDecoder, "a subclass of flask.json.provider.DefaultJSONProvider"),
}
_SECONDS = {"total_seconds": (total_seconds, "timedelta.total_seconds()")}

REMOVED: dict[str, dict[str, tuple[Any, str]]] = {
    "flask": {
        **_STACKS,
        **_JOIN,
        "Markup": (markupsafe.Markup, "markupsafe.Markup"),
        "escape": (markupsafe.escape, "markupsafe.escape"),
        "json_available": (True, "nothing: JSON always is"),
        "signals_available": (True, "nothing: signals always are"),
    },
    "flask.globals": _STACKS,
    "flask.helpers": {
        **_JOIN,
        **_SECONDS,
        "get_env": (get_env, "app.debug"),
        "locked_cached_property": (cached_property, "functools.cached_property"),
    },
    "flask.json": {
        **_CODERS,
        "htmlsafe_dumps": (htmlsafe_dumps, "jinja2.utils.htmlsafe_json_dumps"),
        "tojson_filter": (htmlsafe_dumps, "jinja2.utils.htmlsafe_json_dumps"),
    },
    "flask.sessions": _SECONDS,
    "flask.signals": {"signals_available": (True, "nothing: signals always are")},
    **older_werkzeug.REMOVED,
}


def bring_back(level: str) -> None:
    """Make the names importable again, and the classes those that know them.

    :param level: ``"2.2"`` or ``"2.0"``.
    """
    for name, removed in REMOVED.items():
        module = import_module(name)
        aliases.namespace_of(module)["__getattr__"] = _warning_getattr(module, removed)
    classes: list[tuple[str, type]] = [
        ("flask.app", older_app.Flask),
        ("flask.blueprints", older_app.Blueprint),
    ]
    if level == "2.0":
        classes += ("flask.app", older_answers.Flask), ("flask.wrappers", older_answers.Flask.request_class)
        older_answers.take_other_bodies_for_no_json()
    for home, cls in classes:
        aliases.put(cls, "flask", home)
    _add_contrib()
    _add_python_2()
    sys.meta_path.insert(0, _ExtFinder())
    older_werkzeug.take_bytes_for_cookies()
    older_werkzeug.read_cookies_as_utf_8()


def _warning_getattr(module: ModuleType, removed: dict[str, tuple[Any, str]]) -> Callable[[str], Any]:
    """The module's ``__getattr__`` from now on: what was removed, with a warning; else as before."""
    before: Any = aliases.namespace_of(module).get("__getattr__")

    def __getattr__(name: str) -> Any:
        if name in removed:
            value, now = removed[name]
            warnings.warn(
                f"'{module.__name__}.{name}' was removed. Use {now} instead.",
                DeprecationWarning,
                stacklevel=2,
            )
            return value
        if before is not None:
            return before(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    return __getattr__


def _reraise(kind: Any, value: BaseException, traceback: Any = None) -> NoReturn:
    raise value.with_traceback(traceback)


def _with_metaclass(meta: Any, *bases: type) -> Any:
    return meta("with_metaclass", bases, {})


#: What ``flask._compat`` had, for code that ran on Python 2 as well; and what to write now.
_PYTHON_2: dict[str, tuple[Any, str]] = {
    "PY2": (False, "nothing: it is Python 3"),
    "text_type": (str, "str"),
    "string_types": ((str,), "str"),
    "integer_types": ((int,), "int"),
    "iterkeys": (lambda d: iter(d.keys()), "d.keys()"),
    "itervalues": (lambda d: iter(d.values()), "d.values()"),
    "iteritems": (lambda d: iter(d.items()), "d.items()"),
    "StringIO": (StringIO, "io.StringIO"),
    "implements_to_string": (lambda cls: cls, "__str__ alone"),
    "reraise": (_reraise, "raise"),
    "with_metaclass": (_with_metaclass, "class C(metaclass=...)"),
    "fspath": (os.fspath, "os.fspath"),
}


def _add_python_2() -> None:
    """COMPAT: ``flask._compat``, which Flask-Script and applications of its time import."""
    module = ModuleType("flask._compat", "What Flask had to run on Python 2 and 3 alike.")
    vars(module)["__getattr__"] = _warning_getattr(module, _PYTHON_2)
    sys.modules.setdefault("flask._compat", module)
    aliases.namespace_of(sys.modules["flask"])["_compat"] = sys.modules["flask._compat"]


class _ExtFinder:
    """COMPAT: ``flask.ext.login``, the name of ``flask_login`` before Flask 1.0."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec whose loader gives the extension's own module; an empty package for ``flask.ext``."""
        package, _, extension = fullname.partition("flask.ext")
        if package or (extension and extension[0] != "."):
            return None
        if not extension:
            return ModuleSpec(fullname, None, is_package=True)
        now = f"flask_{extension[1:]}"
        if find_spec(now) is None:
            return None
        warnings.warn(f"{fullname!r} was removed. Use {now} instead.", DeprecationWarning, stacklevel=2)
        return ModuleSpec(fullname, OtherLoader(now), is_package=True)


def _add_contrib() -> None:
    """COMPAT: ``werkzeug.contrib.fixers``, which deployed applications of its time import."""
    fixers = ModuleType("werkzeug.contrib.fixers", "What is left of Werkzeug's contributed fixers.")
    vars(fixers)["__getattr__"] = _warning_getattr(
        fixers, {"ProxyFix": (older_werkzeug.ProxyFix, "werkzeug.middleware.proxy_fix.ProxyFix")}
    )
    contrib = ModuleType("werkzeug.contrib", "What is left of Werkzeug's contributed modules.")
    contrib.__path__ = []
    vars(contrib)["fixers"] = fixers
    sys.modules.setdefault("werkzeug.contrib", contrib)
    sys.modules.setdefault("werkzeug.contrib.fixers", fixers)
