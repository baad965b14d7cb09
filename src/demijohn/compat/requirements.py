"""Whether a library is recent enough for what this package does with it, by the package's own metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version

__all__ = ["too_old"]

_FLOOR = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*>=\s*([\d.]+)")
_RELEASE = re.compile(r"(?:\d+!)?([\d.]*\d)")


def too_old(libraries: Iterable[str]) -> str | None:
    """What is wrong with the first of these that is installed in a version below what is needed, or None.

    One that is not installed at all is not looked at: importing it says so.
    """
    floors = _floors()
    for library in libraries:
        needed = floors.get(library)
        found = _installed(library)
        if needed is not None and found is not None and _numbers(found) < _numbers(needed):
            return f"{library} {found} is installed, and {needed} or later is needed"
    return None


def _floors() -> dict[str, str]:
    try:
        stated = requires("demijohn") or ()
    except PackageNotFoundError:  # run from its source, so nobody has promised anything
        stated = ()
    return {found[1]: found[2] for found in map(_FLOOR.match, stated) if found is not None}


def _installed(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> list[int]:
    """The release of a version, comparable."""
    found = _RELEASE.match(text)
    numbers = [int(part) for part in found[1].split(".") if part] if found is not None else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers
