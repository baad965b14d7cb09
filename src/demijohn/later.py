"""Modules that are imported when something of theirs is used: the one way in which an import is put off.
And what is said where one is missing that an extra brings.

::

    if TYPE_CHECKING:
        from demijohn import testing
    else:
        testing = later("demijohn.testing")    # 56 % of an import of Flask; only tests ask for it

The import under ``TYPE_CHECKING`` is what type checkers, import contracts and readers see; a test holds
both lines to the same module, and each to the comment with what it saves. What saves less than 2 % of an
import of ``Flask`` is imported plainly.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import Any

__all__ = ["DISTRIBUTIONS", "extra_of", "later", "needs"]

#: The distributions of modules where they have other names.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "argon2": "argon2-cffi",
    "attr": "attrs",
    "dotenv": "python-dotenv",
    "opentelemetry": "opentelemetry-api",
    "socketio": "python-socketio",
}


class _Later:
    """Stands for a module until an attribute is asked for; from then on the module itself stands there."""

    def __init__(self, name: str, namespace: dict[str, Any]) -> None:
        self.__name__ = name
        self._namespace = namespace

    def __getattr__(self, attribute: str) -> Any:
        with needs(module=self.__name__):
            module = import_module(self.__name__)
        for name, value in tuple(self._namespace.items()):
            if value is self:
                self._namespace[name] = module  # so that the next use costs nothing
        return getattr(module, attribute)

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, later>"


def later(name: str) -> Any:
    """A stand-in for the module ``name``, which is imported with the first look at one of its attributes.

    :param name: The module's whole name. The stand-in is to be kept as a global of the module that calls this.
    """
    return _Later(name, sys._getframe(1).f_globals)


class needs:
    """Around the import of a library that an extra brings: where it is missing, the error says what to type.

    ::

        with needs("argon2"):
            import argon2

    The error stays a ``ModuleNotFoundError`` with its ``name``. What :func:`later` puts off says it by itself.

    :param extra: The extra; without one, the smallest of those that bring what is missing.
    :param module: What is imported, whose extra it is where none brings what is missing by its name.
    """

    __slots__ = ("extra", "module")

    def __init__(self, extra: str | None = None, module: str = "") -> None:
        self.extra = extra
        self.module = module

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if not isinstance(error, ModuleNotFoundError) or _TO_TYPE in str(error):
            return
        top = (error.name or "").partition(".")[0]
        if top == "demijohn":
            return
        extra = self.extra or extra_of(top) or extra_of(self.module.partition(".")[0])
        if extra is not None:
            # In place, so that the traceback still leads to the import itself, once.
            error.msg = f'{error}. The extra {extra!r} brings it: {_TO_TYPE} "demijohn[{extra}]"'
            error.args = (error.msg,)


_TO_TYPE = "pip install"


def extra_of(module: str) -> str | None:
    """The extra of this package that brings a module; of several, the one that brings the least else.

    :param module: A module's name without those below it, such as ``sqlalchemy``.
    """
    # Imported here: 20 ms, for an error.
    from importlib import metadata

    wanted = DISTRIBUTIONS.get(module, module).replace("_", "-").lower()
    try:
        required = metadata.requires("demijohn") or []
    except metadata.PackageNotFoundError:
        return None
    brought: dict[str, set[str]] = {}
    for line in required:
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", line)
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if extra and name and extra[1] != "all":
            brought.setdefault(extra[1], set()).add(name[0].lower().replace("_", "-"))
    fitting = [extra for extra, names in brought.items() if wanted in names]
    return min(fitting, key=lambda extra: len(brought[extra]), default=None)
