"""Photos of labels, as files with names of our own. What a file is, its first bytes say."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO

NAME = re.compile(r"[0-9a-f]{32}\.(png|jpg|webp)")


class NotAPhoto(Exception):
    """The file is none of the formats that the cellar keeps, whatever its name says."""


def sniff(head: bytes) -> str | None:
    """The ending for a file that starts with `head` (12 bytes are enough), or `None`.

    PNG: ISO/IEC 15948, 5.2; JPEG: ISO/IEC 10918-1, B.1; WebP: RFC 9649, 2.4.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def keep(folder: Path, stream: IO[bytes]) -> str:
    """Keep what `stream` holds under a new name, which is returned; raises `NotAPhoto`.

    A write that fails, say on a full disk, leaves no file behind.
    """
    head = stream.read(12)
    ending = sniff(head)
    if ending is None:
        raise NotAPhoto("This is not a PNG, JPEG or WebP picture.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.{ending}"
    try:
        with path.open("xb") as file:
            file.write(head)
            while chunk := stream.read(64 * 1024):
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path.name


def exists(folder: Path, name: str) -> bool:
    """Whether `name` is one that `keep` gave and its file is still there."""
    return NAME.fullmatch(name) is not None and (folder / name).is_file()


def discard(folder: Path, name: str | None) -> None:
    """Delete a photo, if there is one."""
    if name and NAME.fullmatch(name):
        (folder / name).unlink(missing_ok=True)


def tidy(folder: Path, used: Collection[str | None], older_than: float = 24 * 3600) -> int:
    """Delete photos that no bottle shows and that are older than so many seconds; returns how many."""
    limit = time.time() - older_than
    stale = [path for path in folder.glob("*.*") if path.name not in used and path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
