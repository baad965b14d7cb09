"""What is raised for a file that is not let in."""

from __future__ import annotations

from demijohn.extend import translate

__all__ = ["UploadNotAllowed"]


class UploadNotAllowed(Exception):
    """The file is not let into the set; the text says why, in words that a visitor may be shown.

    ``str()`` of it is in the visitor's language, where the application speaks that.
    """

    def __str__(self) -> str:
        return translate(self.args[0]) if self.args else ""
