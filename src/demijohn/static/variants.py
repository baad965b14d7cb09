"""Compressed variants of files: which types have any, where they come from, and how much of them is kept.

This module must not know requests.
"""

from __future__ import annotations

import zlib
from _thread import allocate_lock
from typing import TYPE_CHECKING, Any, Protocol

from demijohn.later import later

if TYPE_CHECKING:
    import brotli  # type: ignore[import-untyped]
else:
    brotli = later("brotli")  # need not be installed

__all__ = ["Memory", "SUFFIXES", "compress", "is_text"]

#: The codings, and what the names of files in them end with beside those of the files themselves.
SUFFIXES = {"br": ".br", "gzip": ".gz"}

_TEXT = frozenset(
    {
        "application/ecmascript", "application/javascript", "application/json", "application/manifest+json",
        "application/wasm", "application/xml", "image/bmp", "image/svg+xml", "image/vnd.microsoft.icon",
        "image/x-icon",
    }
)  # fmt: skip


def is_text(mimetype: str) -> bool:
    """Whether a type becomes smaller: text, and what is written like it."""
    return mimetype.startswith("text/") or mimetype in _TEXT or mimetype.endswith(("+xml", "+json"))


def compress(data: bytes, coding: str, thorough: bool = False) -> bytes | None:
    """Data in a coding; None where that is not installed, or does not pay.

    :param thorough: Take the time for the smallest, as a build may and a request may not.
    """
    if coding == "gzip":
        # Without a time, so that the same file is the same everywhere (RFC 1952).
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        packed = packer.compress(data) + packer.flush()
    else:
        try:
            packed = brotli.compress(data, quality=11 if thorough else 9)
        except ImportError:
            return None
    return packed if len(packed) < len(data) else None


class Kept(Protocol):
    """Something in memory."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def let_go(self) -> None:
        """Be in memory no more."""
        ...


class Memory:
    """So many bytes of files, the smallest first: what is larger goes when there is no room.

    :param limit: ``STATIC_MEMORY``.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._kept: dict[int, Any] = {}
        self._lock = allocate_lock()

    def keep(self, thing: Kept) -> None:
        """Count something, which may have grown since it was counted."""
        with self._lock:
            before = self._kept.get(id(thing))
            self.used += thing.size - (0 if before is None else before[1])
            self._kept[id(thing)] = thing, thing.size
            while self.used > self.limit:
                largest, size = max(self._kept.values(), key=lambda kept: kept[1])
                del self._kept[id(largest)]
                self.used -= size
                largest.let_go()

    def forget(self, thing: Kept) -> None:
        """Count something no more."""
        with self._lock:
            _, size = self._kept.pop(id(thing), (None, 0))
            self.used -= size
