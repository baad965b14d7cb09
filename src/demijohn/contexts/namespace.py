"""The namespace behind ``g``. This module must not know which context it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from demijohn import variable

_UNSET: Any = object()


class _AppCtxGlobals:
    """The namespace behind ``g``: any attribute may be set, a missing one is an AttributeError."""

    def get(self, name: str, default: Any = None) -> Any:
        """The attribute called ``name``, or ``default``."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _UNSET) -> Any:
        """Remove and return the attribute; ``KeyError`` when it is missing and no default given."""
        if default is _UNSET:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """The attribute called ``name``, set to ``default`` first when it is missing."""
        return self.__dict__.setdefault(name, default)

    def __getattr__(self, name: str) -> Any:
        # Only reached when the attribute is missing; its presence tells type checkers that any may exist.
        raise AttributeError(name)

    if TYPE_CHECKING:  # any may be set and deleted too; at run time object's own methods are faster

        def __setattr__(self, name: str, value: Any) -> None: ...

        def __delattr__(self, name: str) -> None: ...

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = variable.current.get(None)
        if ctx is None:
            return object.__repr__(self)
        return f"<flask.g of '{ctx.app.name}'>"
