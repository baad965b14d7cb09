"""Racks: where bottles lie, laying them in and taking them out, and the cellar in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, distinct, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from cellar.store.bottles import is_ready
from cellar.store.database import db, lock
from cellar.store.models import Bottle, Rack, Slot
from cellar.store.refusals import NameTaken, NoneLeft, RackFull

# What drawing a rack takes: its slots and, of each bottle, what is said when one points at it.
WITH_BOTTLES = (
    selectinload(Rack.slots)
    .joinedload(Slot.bottle, innerjoin=True)
    .load_only(Bottle.name, Bottle.vintage, Bottle.colour)
)


class Place(NamedTuple):
    """One place in a rack."""

    rack_id: int
    shelf: int
    place: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The cellar in numbers."""

    bottles: int
    labels: int
    ready: int
    by_colour: dict[str, int]

    @classmethod
    def of(cls, rows: Iterable[Any]) -> Totals:
        """Add up what `by_colour` found."""
        sums: Counter[str] = Counter()
        counts = {}
        for colour, bottles, labels, ready in rows:
            sums.update(bottles=bottles, labels=labels, ready=ready)
            counts[colour] = bottles
        return cls(sums["bottles"], sums["labels"], sums["ready"], counts)


def by_colour(year: int) -> Select[str, int, int, int]:
    """Of each colour: bottles, labels, and bottles ready in `year`. For `Totals.of`."""
    return (
        select(
            Bottle.colour,
            func.count(),
            func.count(distinct(Slot.bottle_id)),
            func.count().filter(is_ready(year)),
        )
        .join(Slot.bottle)
        .group_by(Bottle.colour)
    )


def every() -> Select[Rack]:
    """All racks in the order they were built."""
    return select(Rack).order_by(Rack.id)


def drawn() -> Select[Rack]:
    """All racks with what lies in them."""
    return every().options(WITH_BOTTLES)


def holding(bottle_id: int) -> Select[Rack]:
    """The racks that hold a bottle, with all that lies in them."""
    return drawn().where(Rack.id.in_(select(Slot.rack_id).where(Slot.bottle_id == bottle_id)))


def build(name: str, shelves: int, places: int) -> Rack:
    """Set up an empty rack; raises `NameTaken`."""
    rack = Rack(name=name, key=name.casefold(), shelves=shelves, places=places)
    db.session.add(rack)
    try:
        db.session.flush()
    except IntegrityError:
        raise NameTaken("There is a rack of this name already.") from None
    return rack


def places_of(bottle_id: int) -> list[Place]:
    """The places a bottle lies in, the first rack's first."""
    columns = select(Slot.rack_id, Slot.shelf, Slot.place).where(Slot.bottle_id == bottle_id)
    rows = db.session.execute(columns.order_by(Slot.rack_id, Slot.shelf, Slot.place))
    return [Place(*row) for row in rows]


def shelve(rack_id: int, bottle_id: int, count: int) -> list[Place]:
    """Lay `count` bottles in the first free places; raises `RackFull` and then lays none."""
    lock(Rack, rack_id)
    rack = db.session.get_one(Rack, rack_id)
    rows = db.session.execute(select(Slot.shelf, Slot.place).where(Slot.rack_id == rack_id))
    taken = {(shelf, place) for shelf, place in rows}
    free = [
        Place(rack_id, shelf, place)
        for shelf in range(1, rack.shelves + 1)
        for place in range(1, rack.places + 1)
        if (shelf, place) not in taken
    ]
    if len(free) < count:
        raise RackFull(rack.name, len(free))
    chosen = free[:count]
    db.session.execute(insert(Slot), [{**place._asdict(), "bottle_id": bottle_id} for place in chosen])
    return chosen


def take(bottle_id: int) -> Place:
    """Take one bottle out, from the last place it lies in; raises `NoneLeft`."""
    lock(Bottle, bottle_id)
    places = places_of(bottle_id)
    if not places:
        raise NoneLeft("There is none left to open.")
    last = places[-1]
    db.session.execute(
        delete(Slot).where(Slot.rack_id == last.rack_id, Slot.shelf == last.shelf, Slot.place == last.place)
    )
    return last
