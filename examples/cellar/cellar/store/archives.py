"""Archives of the whole cellar: a spreadsheet and all label photos in one ZIP, which is kept for a day."""

from __future__ import annotations

import csv
import io
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from cellar.store import bottles
from cellar.store.database import db

NAME = re.compile(r"[0-9a-f]{32}\.zip")
KEPT = 24 * 3600  # seconds
COLUMNS = (
    "name",
    "producer",
    "vintage",
    "colour",
    "region",
    "country",
    "grapes",
    "stock",
    "price",
    "drink_from",
    "drink_until",
)


def lines(search: bottles.Search) -> Iterator[str]:
    """The bottles of a search as the lines of a spreadsheet, read by five hundred."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow([name.replace("_", " ") for name in COLUMNS])
    yield line.getvalue()
    for start in range(0, sys.maxsize, 500):
        found = db.session.scalars(bottles.find(search).limit(500).offset(start)).all()
        # A slow reader holds no connection: what is written next has been read already.
        db.session.remove()
        for bottle in found:
            line.seek(0)
            line.truncate()
            writer.writerow([_plain(getattr(bottle, name)) for name in COLUMNS])
            yield line.getvalue()
        if len(found) < 500:
            return


def pack(folder: Path, photo_folder: Path, told: Callable[[int, int], object]) -> str:
    """Make an archive and return its name; `told` hears after each part how many of how many are in it.

    It has its name only when it is whole, so a run that is begun anew, or is cut short, leaves nothing that
    could be taken for an archive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.zip"
    unfinished = path.with_suffix(".part")
    names = [name for name in db.session.scalars(bottles.photos()) if name]
    parts = 1 + len(names)
    try:
        with ZipFile(unfinished, "w", ZIP_DEFLATED) as archive:
            archive.writestr("bottles.csv", "".join(lines(bottles.Search(sort="name"))))
            told(1, parts)
            for done, name in enumerate(names, 2):
                if (photo_folder / name).is_file():  # else removed a moment ago
                    archive.write(photo_folder / name, f"photos/{name}", ZIP_STORED)
                told(done, parts)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path.name


def tidy(folder: Path) -> int:
    """Delete archives that are older than a day; returns how many."""
    limit = time.time() - KEPT
    stale = [path for path in folder.glob("*.*") if path.stat().st_mtime < limit]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _plain(cell: object) -> object:
    """`cell`, made harmless: a text that a spreadsheet would run as a formula gets a quote in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") and cell else cell
