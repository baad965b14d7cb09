"""A file for the tests of applications."""

from __future__ import annotations

import os
from typing import IO, Any

from werkzeug.datastructures import FileStorage

__all__ = ["TestingFileStorage"]


class TestingFileStorage(FileStorage):
    """An uploaded file that is not written when it is saved: :attr:`saved` says where it would have been.

    What it holds is not looked at.

    :param stream: Its content; nothing by default.
    :param filename: What the client calls it.
    :param name: The field of the form.
    :param content_type: What the client says it is.
    :param content_length: How long the client says it is.
    :param headers: Taken, and not used.
    """

    __test__ = False  # pytest takes the name for a test's

    def __init__(
        self,
        stream: IO[bytes] | None = None,
        filename: str | None = None,
        name: str | None = None,
        content_type: str = "application/octet-stream",
        content_length: int = -1,
        headers: Any = None,
    ) -> None:
        super().__init__(stream, filename, name, content_type, content_length)
        #: Where it was saved, or None.
        self.saved: Any = None

    def save(self, dst: Any, buffer_size: int = 16384) -> None:
        """Mark it as saved at a path, or in an open file, whose name counts."""
        self.saved = dst if isinstance(dst, str) else os.fspath(getattr(dst, "name", dst))
