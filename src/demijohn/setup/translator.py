"""What the texts of this package are translated by: a port, behind which the application has an extension.

This module must not know catalogues or locales.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Translator"]


class Translator(Protocol):
    """Knows the language of who is answered, and English texts in it. A text that it does not know stays."""

    def gettext(self, text: str) -> str:
        """A text in that language; of a :class:`~demijohn.http.filled.Filled` the source, filled in."""
        ...

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The text about a number of something in that language."""
        ...
