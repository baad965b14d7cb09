"""What this package needs of Python and of other distributions, by its own metadata, and what is installed of it.

This module must not know an application.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import NamedTuple

from demijohn.setup.checks import State

_NAME = "demijohn"

#: One requirement of the metadata: distribution, bounds, and the extra it belongs to.
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(?P<bounds>[^;]*?)\s*(?:;.*?extra == ['\"](?P<extra>[^'\"]+)['\"].*)?"
)
_BOUND = re.compile(r"(>=|<=|==|!=|<|>|~=)\s*([0-9][^,\s]*)")


class Part(NamedTuple):
    """A distribution that this package needs, or that one of its extras does."""

    name: str
    #: Such as ``>=2.0.40``; may be empty.
    bounds: str
    #: The extra, or None for what is always needed.
    extra: str | None

    @property
    def installed(self) -> str | None:
        """The version that is installed, if one is."""
        try:
            return version(self.name)
        except PackageNotFoundError:
            return None

    def state(self) -> State:
        """``ok``, ``missing`` or ``old``; a version beyond the bounds at the other end is old to nobody."""
        have = self.installed
        if have is None:
            return "missing"
        floors = [bound for sign, bound in _BOUND.findall(self.bounds) if sign in (">=", "==", "~=", ">")]
        return "old" if any(numbers(have) < numbers(floor) for floor in floors) else "ok"

    def install(self) -> str:
        """The command that makes it good."""
        return (
            f"pip install -U '{_NAME}[{self.extra}]'"
            if self.extra
            else f"pip install -U '{self.name}{self.bounds}'"
        )


def numbers(text: str) -> tuple[int, ...]:
    """The numbers that a version begins with, by which two are compared; those at the end that are 0 do not count."""
    found = re.match(r"\d+(?:\.\d+)*", text.partition("!")[2] or text)
    parts = [int(part) for part in found.group().split(".")] if found else []
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def parts() -> Iterator[Part]:
    """What is needed, each distribution once for each extra; what ``all`` has is in the others."""
    for line in requires(_NAME) or ():
        found = _REQUIREMENT.fullmatch(line.strip())
        if found is not None and found["extra"] not in {"all", "dev"}:
            yield Part(found["name"], found["bounds"], found["extra"])
