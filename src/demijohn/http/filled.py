"""Texts that were filled in, and can still be said in another language. This module must not know any language."""

from __future__ import annotations

from typing import Any

__all__ = ["Filled"]


class Filled(str):
    """An English text with values put in, which knows both: what an error says, before it is known to whom.

    It is a plain text for whoever does not ask. ``demijohn.ext.i18n`` translates the source and fills that in.

    :param source: The text, with placeholders: ``"More than %(limit)s bytes."``.
    :param values: What they stand for.
    """

    __slots__ = ("source", "values")

    source: str
    values: dict[str, Any]

    def __new__(cls, source: str, **values: object) -> Filled:
        """The text, filled in."""
        made = super().__new__(cls, source % values)
        made.source = source
        made.values = values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """What it is copied and pickled from."""
        return (self.source,), self.values
