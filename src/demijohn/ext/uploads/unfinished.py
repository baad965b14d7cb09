"""Uploads that are not complete yet: their bytes and what is known of them, as files in one folder.

Processes share the folder. Who writes to an upload has its lock; a lock is let go of with its process. This module
must not know HTTP.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # not on Windows, where threads of one process are kept apart only
    fcntl = None  # type: ignore[assignment]

from demijohn.extend import InsufficientStorage

__all__ = ["Folder", "Locked", "Upload"]

_SWEEP = 60.0


class Locked(Exception):
    """Somebody else writes to the upload."""


class Upload:
    """An upload by tus.

    :param id: What its address ends in.
    :param size: Its bytes, when it is complete.
    :param metadata: What the client says of it: names to texts.
    """

    def __init__(
        self,
        id: str,
        size: int,
        metadata: dict[str, str],
        sent: str = "",
        expires: float | None = None,
        name: str = "",
    ) -> None:
        self.id = id
        self.size = size
        self.metadata = metadata
        #: The metadata as the client sent it.
        self.sent = sent
        #: When it is removed, in seconds since the epoch; None: never.
        self.expires = expires
        #: What it is called in the set, once it is complete; empty before.
        self.name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} of {self.size} bytes {self.name!r}>"

    @property
    def filename(self) -> str:
        """What the client calls the file, or an empty text."""
        return self.metadata.get("filename") or self.metadata.get("name", "")

    @property
    def is_complete(self) -> bool:
        """Whether it is in the set."""
        return bool(self.name)


class Folder:
    """The uploads below one path.

    :param path: Made with the first of them.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._swept = 0.0
        self._busy: set[str] = set()
        self._guard = threading.Lock()

    def data(self, id: str) -> str:
        """The path of an upload's bytes."""
        return os.path.join(self._path, f"{id}.data")

    def _about(self, id: str) -> str:
        return os.path.join(self._path, f"{id}.json")

    def new(self, size: int, metadata: dict[str, str], sent: str) -> Upload:
        """An upload without any bytes."""
        os.makedirs(self._path, exist_ok=True)
        upload = Upload(token_hex(16), size, metadata, sent)
        with InsufficientStorage.instead_of_oserror():
            open(self.data(upload.id), "xb").close()
            self.keep(upload)
        return upload

    def keep(self, upload: Upload) -> None:
        """Write down what is known of an upload."""
        path = self._about(upload.id)
        beside = f"{path}.{token_hex(8)}"
        try:
            with open(beside, "x", encoding="utf-8") as file:
                json.dump(vars(upload), file)
            os.replace(beside, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(beside)
            raise

    def find(self, id: str) -> Upload | None:
        """What is known of an upload, or None."""
        if not (id.isascii() and id.isalnum()):
            return None
        try:
            with open(self._about(id), encoding="utf-8") as file:
                return Upload(**json.load(file))
        except FileNotFoundError:
            return None

    def offset(self, upload: Upload) -> int:
        """How many of an upload's bytes are here."""
        if upload.is_complete:
            return upload.size
        try:
            return os.stat(self.data(upload.id)).st_size
        except FileNotFoundError:
            return 0

    def remove(self, upload: Upload) -> None:
        """Forget an upload."""
        for path in (self._about(upload.id), self.data(upload.id)):
            with suppress(FileNotFoundError):
                os.unlink(path)

    @contextmanager
    def locked(self, id: str) -> Iterator[BinaryIO]:
        """An upload's bytes, to be written to by nobody else.

        :raises Locked: when somebody does.
        :raises FileNotFoundError: when they are not here.
        """
        with self._guard:
            if id in self._busy:
                raise Locked
            self._busy.add(id)
        try:
            with open(self.data(id), "r+b", buffering=0) as file:
                if fcntl is not None:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        raise Locked from None
                yield file
        finally:
            with self._guard:
                self._busy.discard(id)

    def sweep(self, is_over: Callable[[Upload], bool]) -> None:
        """Remove what is over; at most once a minute."""
        now = time.monotonic()
        if now - self._swept < _SWEEP:
            return
        self._swept = now
        self.remove_if(is_over)

    def remove_if(self, is_over: Callable[[Upload], bool]) -> int:
        """Remove what is over, and return how many uploads that were."""
        removed = 0
        with suppress(FileNotFoundError):
            for entry in os.listdir(self._path):
                id, dotted = os.path.splitext(entry)
                upload = self.find(id) if dotted == ".json" else None
                if upload is not None and is_over(upload):
                    self.remove(upload)
                    removed += 1
        return removed
