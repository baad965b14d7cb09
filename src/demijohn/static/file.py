"""A static file as it was read, and what it is answered with at each of its addresses.

This module must not know the folder, nor where a file comes from.
"""

from __future__ import annotations

import os
from mimetypes import guess_type
from typing import Any, NamedTuple

from werkzeug.http import is_resource_modified, parse_date

from demijohn.static.variants import is_text
from demijohn.wrappers.ready import ReadyWhole

__all__ = ["Answers", "File", "Served"]


class Answers(NamedTuple):
    """What a file is answered with to clients that accept the same codings."""

    etag: str
    whole: ReadyWhole
    unchanged: ReadyWhole


class File:
    """A file of the folder as it was when it was read.

    :param name: Its name in the folder.
    :param path: Where it is.
    :param status: What the system says of it.
    """

    def __init__(self, name: str, path: str, status: os.stat_result) -> None:
        self.name = name
        self.path = path
        self.modified = int(status.st_mtime)
        self.signature = status.st_mtime_ns, status.st_size, status.st_ino
        self.length = status.st_size
        mimetype, coding = guess_type(name)
        #: The coding that the file itself is in, by its name.
        self.coding = coding
        self.mimetype = mimetype or "application/octet-stream"
        self.text = coding is None and is_text(self.mimetype)
        #: The digits of its content's digest, as it is served.
        self.digest = ""
        #: The names in the folder that it was written anew for, with the digests that it has of them.
        self.named: dict[str, str | None] = {}
        #: Its content, written anew where it names others; None where it is not in memory.
        self.data: bytes | None = None
        self.written_anew = False
        #: The compressed variants that pay, once somebody wanted one.
        self.packed: dict[str, bytes] | None = None
        #: When to look again whether it has changed.
        self.until = 0.0
        self.served: list[Served] = []

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.data or b"") + sum(map(len, (self.packed or {}).values()))

    def let_go(self) -> None:
        """Be in memory no more."""
        self.data = self.packed = None
        for served in self.served:
            served.choices.clear()


class Served:
    """A file under one of its addresses.

    :param control: Its Cache-Control.
    """

    __slots__ = ("choices", "control", "file")

    def __init__(self, file: File, control: str) -> None:
        self.file = file
        self.control = control
        self.choices: dict[str | None, Answers] = {}
        file.served.append(self)

    def answer(self, environ: Any) -> ReadyWhole | None:
        """The answer to a request; None where it takes more than memory."""
        found = self.choices.get(environ.get("HTTP_ACCEPT_ENCODING"))
        if found is None or environ.get("HTTP_RANGE") is not None:
            return None
        asked = environ.get("HTTP_IF_NONE_MATCH")
        if asked is None:
            since = environ.get("HTTP_IF_MODIFIED_SINCE")
            if since is None or self.file.written_anew:
                return found.whole
            date = parse_date(since)
            return found.unchanged if date and date.timestamp() >= self.file.modified else found.whole
        if asked == found.etag or not is_resource_modified({"HTTP_IF_NONE_MATCH": asked}, etag=found.etag):
            return found.unchanged
        return found.whole
