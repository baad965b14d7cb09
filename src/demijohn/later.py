"""Modules that are imported when something of theirs is used: the one way in which an import is put off.

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

import sys
from importlib import import_module
from typing import Any

__all__ = ["later"]


class _Later:
    """Stands for a module until an attribute is asked for; from then on the module itself stands there."""

    def __init__(self, name: str, namespace: dict[str, Any]) -> None:
        self.__name__ = name
        self._namespace = namespace

    def __getattr__(self, attribute: str) -> Any:
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
