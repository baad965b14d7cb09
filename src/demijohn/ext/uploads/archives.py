"""How much an archive unpacks to: what a zip declares, what a compressed stream comes to within a limit.

Nothing is written, and no more than a piece is in memory. This module must not know which archives are let in.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from typing import Any, BinaryIO

__all__ = ["PACKED", "unpacked_size"]

_ZIPS = ("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "odf", "epub", "jar", "apk", "whl")
_STREAMS = ("gz", "tgz", "gnumeric", "svgz", "bz2", "tbz", "xz", "txz")
#: The extensions of what unpacks to more than it is, office documents in zip files too.
PACKED = frozenset((*_ZIPS, *_STREAMS, "7z", "tar"))

_PIECE = 256 * 1024
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")


def _decompressor(head: bytes) -> Any:
    if head.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31)
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    return lzma.LZMADecompressor(memlimit=128 * 1024 * 1024)  # what is made by `xz -9` asks for 65 MB


def _stream_size(file: BinaryIO, head: bytes, limit: int) -> int:
    """What a compressed stream comes to; anything above ``limit`` once that is passed."""
    total, unpack, packed = 0, _decompressor(head), b""
    while True:
        if not packed and getattr(unpack, "needs_input", True):
            packed = file.read(_PIECE)
            if not packed:
                return total
        try:
            total += len(unpack.decompress(packed, _PIECE))
        except (zlib.error, OSError, lzma.LZMAError) as error:
            raise ValueError(f"The archive is damaged: {error}") from error
        if total > limit:
            return total
        if unpack.eof:
            packed, unpack = unpack.unused_data.lstrip(b"\0"), _decompressor(head)  # another one may follow
        else:
            packed = getattr(unpack, "unconsumed_tail", b"")


def unpacked_size(file: BinaryIO, limit: int) -> int | None:
    """How many bytes a file unpacks to; above ``limit``, any number above it. None when it does not say.

    :param file: Can be sought in; it is left anywhere.
    :raises ValueError: when it is damaged.
    """
    file.seek(0)
    head = file.read(6)
    file.seek(0)
    if head.startswith(b"PK"):
        return _zip_size(file)
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")):
        return _stream_size(file, head, limit)
    file.seek(257)
    if file.read(5) == b"ustar":
        return file.seek(0, 2)  # it is not compressed
    return None


def _zip_size(file: BinaryIO) -> int:
    """The sum of what the entries of a zip declare, read one by one (APPNOTE.TXT, section 4.3)."""
    start, size, count = _directory(file)
    file.seek(start)
    total = 0
    for _ in range(count):
        head = file.read(_ENTRY.size)
        if len(head) < _ENTRY.size or not head.startswith(b"PK\1\2") or file.tell() > start + size:
            raise ValueError("The archive is damaged: its directory has fewer entries than it says.")
        fields = _ENTRY.unpack(head)
        unpacked, name, extra, comment = fields[9], fields[10], fields[11], fields[12]
        file.seek(name, 1)
        more = file.read(extra)
        file.seek(comment, 1)
        total += _size64(more) if unpacked == 0xFFFFFFFF else unpacked
    return total


def _directory(file: BinaryIO) -> tuple[int, int, int]:
    """Where the directory begins, how long it is, and how many entries it has."""
    length = file.seek(0, 2)
    file.seek(max(0, length - 65_557))
    tail_start = file.tell()
    tail = file.read()
    found = tail.rfind(b"PK\5\6")
    if found < 0 or len(tail) - found < _END.size:
        raise ValueError("The archive is damaged: it ends without its directory.")
    fields = _END.unpack_from(tail, found)
    count, size, start = fields[4], fields[5], fields[6]
    if count == 0xFFFF or 0xFFFFFFFF in (size, start):
        locator = tail.rfind(b"PK\6\7", 0, found)
        if locator >= 0:
            (where,) = struct.unpack_from("<8xQ", tail, locator)
            file.seek(where)
            head = file.read(_END64.size)
            if len(head) == _END64.size and head.startswith(b"PK\6\6"):
                _, _, _, _, _, _, _, count, size, start = _END64.unpack(head)
    if start + size > tail_start + found:
        raise ValueError("The archive is damaged: its directory lies behind its end.")
    return start, size, count


def _size64(extra: bytes) -> int:
    """The size in a zip64 extra field."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == 1 and length >= 8:
            size: int = struct.unpack_from("<Q", extra, position + 4)[0]
            return size
        position += 4 + length
    raise ValueError("The archive is damaged: an entry has no size.")
