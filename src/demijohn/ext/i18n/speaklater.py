"""Texts that are translated when they are shown: for what is defined before there is a request.

This module must not know what translates them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup, escape

__all__ = ["LazyString"]


class LazyString:
    """Stands for the text that a function gives, each time it is looked at.

    It can be handed on as the text could: to ``flash``, the session, JSON, forms and templates. It is pickled and
    copied as it is, and translated where it arrives.

    :param func: Gives the text.
    :param args: What it is called with.
    """

    def __init__(self, func: Callable[..., str], *args: Any, **kwargs: Any) -> None:
        self._func = func
        self._args = args
        self._kwargs = kwargs

    def __reduce__(self) -> Any:
        return _made, (self._func, self._args, self._kwargs)

    def __getattr__(self, attr: str) -> Any:
        if attr.startswith("__") or attr in {"_func", "_args", "_kwargs"}:
            raise AttributeError(attr)
        return getattr(str(self), attr)

    def __repr__(self) -> str:
        return f"l'{self}'"

    def __str__(self) -> str:
        return str(self._func(*self._args, **self._kwargs))

    def __html__(self) -> str:
        """As a template has it: its variables are escaped, the text is its author's."""
        if not self._kwargs:
            return str(self)
        return str(self._func(*self._args, **{key: _safe(v) for key, v in self._kwargs.items()}))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __len__(self) -> int:
        return len(str(self))

    def __getitem__(self, key: Any) -> str:
        return str(self)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(str(self))

    def __contains__(self, item: str) -> bool:
        return str(item) in str(self)

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: Any) -> str:
        text: str = other + str(self)
        return text

    def __mul__(self, other: int) -> str:
        return str(self) * other

    __rmul__ = __mul__

    def __mod__(self, other: Any) -> str:
        text: str = str(self) % other
        return text

    def __rmod__(self, other: Any) -> str:
        text: str = other % str(self)
        return text

    def __lt__(self, other: Any) -> bool:
        return str(self) < str(other)

    def __le__(self, other: Any) -> bool:
        return str(self) <= str(other)

    def __gt__(self, other: Any) -> bool:
        return str(self) > str(other)

    def __ge__(self, other: Any) -> bool:
        return str(self) >= str(other)

    def __eq__(self, other: object) -> bool:
        return str(self) == (str(other) if isinstance(other, LazyString) else other)

    def __hash__(self) -> int:
        return hash(str(self))


def _made(func: Callable[..., str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> LazyString:
    """A lazy text that was pickled, again."""
    return LazyString(func, *args, **kwargs)


def _safe(value: Any) -> Any:
    """A variable as a template would have it: numbers stay, since a placeholder may want one."""
    if isinstance(value, (int, float, Markup)):
        return value
    return escape(value)
