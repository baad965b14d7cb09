"""Writes static files as they are served, for a CDN or a web server: named by their content, and compressed.

The folder that comes of it is laid out as the addresses are, so that it can be served as it is. What earlier releases
left there stays, since their pages may still be open somewhere.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import getrandbits
from typing import Any, NamedTuple, Protocol

from werkzeug.routing import Map

from demijohn.static.file import File
from demijohn.static.folder import Folder
from demijohn.static.place import Place
from demijohn.static.references import with_digest
from demijohn.static.variants import SUFFIXES, Memory

__all__ = ["Built", "build"]

#: The name of the file that says which address each file has.
MANIFEST = "manifest.json"

#: As much as there is: a build is over soon.
_ENOUGH = 1 << 62


class Built(NamedTuple):
    """What was written."""

    #: The name below the site of each file, and the one that it has by its content.
    names: dict[str, str]
    #: How many compressed variants there are.
    variants: int


class Application(Protocol):
    """An application, as far as its static files go."""

    #: Those that are mounted in it; each has a ``guest``, a place ``below`` a prefix, and is ``ours`` or is not.
    mounts: dict[str, Any]

    @property
    def url_map(self) -> Map:
        """Every rule."""
        ...


def build(app: Application, out: Path) -> Built:
    """Write the static files of an application, of its blueprints and of what is mounted in it.

    :param app: The application.
    :param out: The folder to write to; it is made where it is missing.
    """
    names: dict[str, str] = {}
    variants = 0
    for prefix, place in _places(app, ""):
        folder = place.for_build(Memory(_ENOUGH))
        if folder is None:
            continue
        below = f"{prefix}{place.path}".strip("/")
        for name in _names(folder):
            file = folder.find(name)
            if file is None:
                continue
            hashed = f"{below}/{with_digest(name, file.digest)}"
            names[f"{below}/{name}"] = hashed
            variants += _write(folder, file, out / hashed)
        for name in folder.circular:
            file = folder.find(name)
            variants += 0 if file is None else _write(folder, file, out / f"{below}/{name}")
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": 1, "files": dict(sorted(names.items()))}, indent=2)
    _put(out / MANIFEST, f"{text}\n".encode())
    return Built(names, variants)


def _write(folder: Folder, file: File, target: Path) -> int:
    """Write a file and its variants; how many there are."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.data is None:
        with _beside(target) as path:
            shutil.copyfile(file.path, path)
        return 0
    _put(target, file.data)
    packed = folder.variants(file, thorough=True)
    for coding, data in packed.items():
        _put(target.with_name(f"{target.name}{SUFFIXES[coding]}"), data)
    return len(packed)


def _put(target: Path, data: bytes) -> None:
    """Write a file, unless it is there as it is."""
    if not (target.is_file() and target.read_bytes() == data):
        with _beside(target) as path:
            path.write_bytes(data)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Where to write what takes its place whole: a server may be sending it, and another build may write it."""
    path = target.with_name(f".{target.name}.{getrandbits(48):012x}")
    try:
        yield path
        os.replace(path, target)
    finally:
        path.unlink(missing_ok=True)


def _places(app: Application, prefix: str) -> Iterator[tuple[str, Place]]:
    for rule in app.url_map.iter_rules():
        place = getattr(rule, "static_files", None)
        if place is not None:
            yield prefix, place
    for mount in app.mounts.values():
        if mount.ours:
            yield from _places(mount.guest, mount.below(prefix))


def _names(folder: Folder) -> Iterator[str]:
    """The names of all files, without the variants that lie beside others."""
    root = folder.owner.static_folder or ""
    for where, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            plain, suffix = os.path.splitext(file)
            if suffix in SUFFIXES.values() and plain in files:
                continue
            yield os.path.relpath(os.path.join(where, file), root).replace(os.sep, "/")
