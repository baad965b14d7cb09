"""What an extension keeps with a context: a value per request, or per command, job and test.

Not in ``g``, which a request shares with the application context that it is pushed inside: what belongs to one
request would then be the next one's of a test client. This module must not know what is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from demijohn.contexts.context import current

T = TypeVar("T")


class PerContext(Generic[T]):
    """A value for each context, made when it is first asked for. To be made once, when a module is imported.

    ::

        _answers = PerContext(list)

        answers = _answers.get()     # of the current request; None outside of any context

    :param make: Makes the value.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    def get(self) -> T | None:
        """The current context's value, or None where there is no context."""
        ctx = current.get(None)
        if ctx is None:
            return None
        kept = ctx.kept
        if kept is None:
            kept = ctx.kept = {}
        try:
            value: T = kept[self]
        except KeyError:
            value = kept[self] = self._make()
        return value
