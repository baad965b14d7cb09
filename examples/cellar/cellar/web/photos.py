"""Label photos: a set of uploads. What a file is, its first bytes must say as well as its name; the names are ours."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from demijohn import Flask
from demijohn.ext.uploads import UploadSet, configure_uploads

NAME = re.compile(r"[0-9a-f]{32}\.(png|jpe?g|webp)")
UNUSED = 24 * 3600  # seconds for which a photo without a bottle is kept

photos = UploadSet("photos", ("png", "jpg", "jpeg", "webp"), names="random", max_pixels=60_000_000)


def exists(name: str) -> bool:
    """Whether `name` is one that the set gave, and its file is still there."""
    return NAME.fullmatch(name) is not None and Path(photos.path(name)).is_file()


def discard(name: str | None) -> None:
    """Delete a photo, if there is one."""
    if name:
        with suppress(FileNotFoundError):
            photos.delete(name)


def tidy(used: Collection[str | None]) -> int:
    """Delete photos that no bottle shows and that are older than a day; returns how many."""
    limit = time.time() - UNUSED
    folder = Path(photos.path(""))
    stale = [path for path in folder.glob("*.*") if path.name not in used and path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def init_app(app: Flask) -> None:
    """Keep photos where the settings of `app` say."""
    configure_uploads(app, photos)
