"""Racks and the slots in them: where bottles lie, and how many there are."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cellar.store.bottles import READY


class RackFull(Exception):
    """A rack has fewer free places than were asked for."""

    def __init__(self, rack: str, free: int) -> None:
        super().__init__(f"“{rack}” has {free or 'no'} free place{'' if free == 1 else 's'}.")


class NoneLeft(Exception):
    """The last bottle is gone already, perhaps by another hand a moment ago."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a rack, counted from 1; `bottle_id` is `None` for an empty one."""

    rack_id: int
    shelf: int
    place: int
    bottle_id: int | None = None
    title: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Rack:
    """A rack and how many of its places are taken."""

    id: int
    name: str
    shelves: int
    places: int
    taken: int = 0

    @property
    def size(self) -> int:
        """The number of places in all."""
        return self.shelves * self.places


@dataclass(frozen=True, slots=True)
class Totals:
    """The cellar in numbers; `value_cents` counts only bottles with a known price."""

    bottles: int
    labels: int
    ready: int
    value_cents: int
    by_colour: dict[str, int]


_RACKS = "SELECT rack.*, (SELECT count(*) FROM slot WHERE rack_id = rack.id) AS taken FROM rack"


def every(connection: sqlite3.Connection) -> list[Rack]:
    """All racks in the order they were built."""
    return [Rack(**dict(row)) for row in connection.execute(f"{_RACKS} ORDER BY id")]


def get(connection: sqlite3.Connection, rack_id: int) -> Rack | None:
    """The rack with this number, or `None`."""
    row = connection.execute(f"{_RACKS} WHERE id = ?", (rack_id,)).fetchone()
    return Rack(**dict(row)) if row else None


def build(connection: sqlite3.Connection, name: str, shelves: int, places: int) -> int:
    """Set up an empty rack; raises `sqlite3.IntegrityError` when the name is taken."""
    cursor = connection.execute(
        "INSERT INTO rack (name, shelves, places) VALUES (?, ?, ?)", (name, shelves, places)
    )
    return int(cursor.lastrowid or 0)


def slots(connection: sqlite3.Connection, rack: Rack) -> list[list[Slot]]:
    """Every place of the rack, shelf by shelf, top left first."""
    taken = {
        (row["shelf"], row["place"]): Slot(**dict(row))
        for row in connection.execute(
            "SELECT slot.*, name || ' ' || coalesce(vintage, 'NV') AS title, colour"
            " FROM slot JOIN bottle ON bottle.id = bottle_id WHERE rack_id = ?",
            (rack.id,),
        )
    }
    return [
        [taken.get((shelf, place), Slot(rack.id, shelf, place)) for place in range(1, rack.places + 1)]
        for shelf in range(1, rack.shelves + 1)
    ]


def holding(connection: sqlite3.Connection, bottle_id: int) -> list[int]:
    """The numbers of the racks that hold this bottle."""
    rows = connection.execute(
        "SELECT DISTINCT rack_id FROM slot WHERE bottle_id = ? ORDER BY rack_id", (bottle_id,)
    )
    return [rack_id for (rack_id,) in rows]


def shelve(connection: sqlite3.Connection, rack_id: int, bottle_id: int, count: int) -> list[Slot]:
    """Lay `count` bottles in the first free places; raises `RackFull` and then lays none."""
    rack = get(connection, rack_id)
    if rack is None:
        raise LookupError(f"There is no rack {rack_id}.")
    free = [slot for shelf in slots(connection, rack) for slot in shelf if slot.bottle_id is None]
    if len(free) < count:
        raise RackFull(rack.name, len(free))
    chosen = free[:count]
    connection.executemany(
        "INSERT INTO slot (rack_id, shelf, place, bottle_id) VALUES (?, ?, ?, ?)",
        [(slot.rack_id, slot.shelf, slot.place, bottle_id) for slot in chosen],
    )
    return chosen


def take(connection: sqlite3.Connection, bottle_id: int) -> Slot:
    """Take one bottle out, from the last place it lies in; raises `NoneLeft`."""
    row = connection.execute(
        "DELETE FROM slot WHERE (rack_id, shelf, place) ="
        " (SELECT rack_id, shelf, place FROM slot WHERE bottle_id = ?"
        "  ORDER BY rack_id DESC, shelf DESC, place DESC LIMIT 1)"
        " RETURNING rack_id, shelf, place",
        (bottle_id,),
    ).fetchone()
    if row is None:
        raise NoneLeft("There is none left to open.")
    return Slot(**dict(row))


def of_bottle(connection: sqlite3.Connection, bottle_id: int) -> list[Slot]:
    """The places a bottle lies in."""
    rows = connection.execute("SELECT rack_id, shelf, place FROM slot WHERE bottle_id = ?", (bottle_id,))
    return [Slot(**dict(row)) for row in rows]


def stock(connection: sqlite3.Connection, bottle_id: int) -> int:
    """How many of this bottle lie in the racks."""
    (count,) = connection.execute("SELECT count(*) FROM slot WHERE bottle_id = ?", (bottle_id,)).fetchone()
    return int(count)


def totals(connection: sqlite3.Connection, year: int) -> Totals:
    """The cellar in numbers, `year` deciding what is ready to drink."""
    bottles, labels, ready, value = connection.execute(
        "SELECT count(*), count(DISTINCT bottle_id),"
        f" coalesce(sum({READY}), 0), coalesce(sum(price_cents), 0)"
        " FROM slot JOIN bottle ON bottle.id = bottle_id",
        {"year": year},
    ).fetchone()
    by_colour = connection.execute(
        "SELECT colour, count(*) AS bottles FROM slot JOIN bottle ON bottle.id = bottle_id GROUP BY colour"
    )
    counts = {row["colour"]: row["bottles"] for row in by_colour}
    return Totals(bottles, labels, ready, value, counts)
