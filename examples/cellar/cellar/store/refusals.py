"""Why the cellar says no. The message is for whoever asked."""

from __future__ import annotations


class Refusal(Exception):
    """Something that cannot be done now."""


class NameTaken(Refusal):
    """There is something of this name already, whatever the case of its letters."""


class RackFull(Refusal):
    """A rack has fewer free places than were asked for."""

    def __init__(self, rack: str, free: int) -> None:
        super().__init__(f"“{rack}” has {free} free place{'' if free == 1 else 's'}.")
        self.rack = rack
        self.free = free


class NoneLeft(Refusal):
    """The last bottle is gone already, perhaps by another hand a moment ago."""
