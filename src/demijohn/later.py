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

from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["later"]


class _Later:
    """Stands for a module until an attribute is asked for, and then hands on."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self._module: ModuleType | None = None

    def __getattr__(self, attribute: str) -> Any:
        module = self._module
        if module is None:
            module = self._module = import_module(self.__name__)
        return getattr(module, attribute)

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, later>"


def later(name: str) -> Any:
    """A stand-in for the module ``name``, which is imported with the first look at one of its attributes.

    :param name: The module's whole name.
    """
    return _Later(name)
