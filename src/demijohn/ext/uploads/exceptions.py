"""What is raised for a file that is not let in."""

from __future__ import annotations

__all__ = ["UploadNotAllowed"]


class UploadNotAllowed(Exception):
    """The file is not let into the set; the text says why, in words that a visitor may be shown."""
