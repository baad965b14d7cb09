"""Small functions that Flask-Dance has in a module of this name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

__all__ = ["FakeCache", "first", "getattrd"]

_MISSING: Any = object()


class FakeCache:
    """A cache that keeps nothing."""

    def get(self, key: str) -> Any:
        """None."""
        return None

    def set(self, key: str, value: object) -> None:
        """Nothing is kept."""

    def delete(self, key: str) -> None:
        """Nothing is there to delete."""


def first(iterable: Iterable[Any], default: Any = None, key: Callable[[Any], Any] | None = None) -> Any:
    """The first element that is true, or of which ``key(element)`` is; ``default`` when there is none."""
    return next((element for element in iterable if (element if key is None else key(element))), default)


def getattrd(obj: object, name: str, default: Any = _MISSING) -> Any:
    """An attribute of an attribute: ``getattrd(blueprint, "session.client_id")``."""
    try:
        return reduce(getattr, name.split("."), obj)
    except AttributeError:
        if default is _MISSING:
            raise
        return default
