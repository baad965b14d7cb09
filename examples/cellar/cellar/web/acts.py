"""What people do to the cellar. Each act is one transaction, one entry in the journal and one message
to every open page; pages and API share them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from demijohn import current_app, url_for

from cellar.store import bottles, journal, photos, racks
from cellar.store.database import transaction
from cellar.store.people import Person
from cellar.web.connection import connection
from cellar.web.hub import Hub
from cellar.web.words import VERBS


def hub() -> Hub:
    """The application's hub."""
    found: Hub = current_app.extensions["cellar.hub"]
    return found


def add_bottle(person: Person, details: bottles.Details, rack_id: int, count: int) -> int:
    """Add a bottle and lay `count` of it in a rack; raises `RackFull` and then adds nothing."""
    with transaction(connection()):
        number = bottles.add(connection(), details)
        filled = racks.shelve(connection(), rack_id, number, count)
        entry = journal.record(connection(), person.id, "added", _title(details), number)
    _tell(entry, number, filled)
    return number


def change_bottle(person: Person, bottle: bottles.Bottle, details: bottles.Details) -> None:
    """Replace what is said of a bottle, and its photo's file."""
    with transaction(connection()):
        bottles.change(connection(), bottle.id, details)
        entry = journal.record(connection(), person.id, "changed", _title(details), bottle.id)
    if bottle.photo != details.photo:
        photos.discard(current_app.config["PHOTO_FOLDER"], bottle.photo)
    _tell(entry, bottle.id, racks.of_bottle(connection(), bottle.id))


def shelve_bottle(person: Person, bottle: bottles.Bottle, rack_id: int, count: int) -> None:
    """Lay `count` more of a bottle in a rack; raises `RackFull`."""
    with transaction(connection()):
        filled = racks.shelve(connection(), rack_id, bottle.id, count)
        entry = journal.record(connection(), person.id, "shelved", bottle.title, bottle.id)
    _tell(entry, bottle.id, filled)


def open_bottle(
    person: Person, bottle: bottles.Bottle, rating: int | None = None, note: str = ""
) -> racks.Slot:
    """Take one bottle out and keep what was thought of it, if rated; raises `NoneLeft`.

    Returns where to find it.
    """
    with transaction(connection()):
        emptied = racks.take(connection(), bottle.id)
        if rating is not None:
            journal.taste(connection(), bottle.id, person.id, rating, note)
        entry = journal.record(connection(), person.id, "opened", bottle.title, bottle.id)
    _tell(entry, bottle.id, emptied=[emptied])
    return emptied


def remove_bottle(person: Person, bottle: bottles.Bottle) -> None:
    """Forget a bottle, its places, notes and photo."""
    with transaction(connection()):
        emptied = racks.of_bottle(connection(), bottle.id)
        entry = journal.record(connection(), person.id, "removed", bottle.title, bottle.id)
        bottles.remove(connection(), bottle.id)
    photos.discard(current_app.config["PHOTO_FOLDER"], bottle.photo)
    _tell(entry, bottle.id, emptied=emptied)


def build_rack(person: Person, name: str, shelves: int, places: int) -> int:
    """Set up a rack; raises `sqlite3.IntegrityError` when the name is taken."""
    with transaction(connection()):
        number = racks.build(connection(), name, shelves, places)
        entry = journal.record(connection(), person.id, "built", name)
    _tell(entry)
    return number


def as_message(activity: journal.Activity) -> dict[str, object]:
    """An entry of the journal as pages get it."""
    url = activity.bottle_id and url_for("bottles.show", bottle_id=activity.bottle_id)
    return {**asdict(activity), "verb": VERBS[activity.verb], "url": url}


def standing(database: sqlite3.Connection) -> dict[str, object]:
    """The cellar in numbers, as pages get it."""
    return asdict(racks.totals(database, date.today().year))


def _title(details: bottles.Details) -> str:
    return f"{details.name} {details.vintage or 'NV'}"


def _tell(
    entry: int,
    bottle_id: int | None = None,
    filled: Sequence[racks.Slot] = (),
    emptied: Sequence[racks.Slot] = (),
) -> None:
    """Send what changed to every open page."""
    bottle = bottle_id and bottles.get(connection(), bottle_id)
    activity = journal.get(connection(), entry)
    assert activity is not None
    look: dict[str, object] = {}
    if bottle:
        look = {
            "title": bottle.title,
            "colour": bottle.colour,
            "url": url_for("bottles.show", bottle_id=bottle.id),
        }
    places: list[dict[str, object]] = [{"id": _place(slot), "bottle": look} for slot in filled]
    places += [{"id": _place(slot), "bottle": None} for slot in emptied]
    hub().publish(
        {
            "type": "activity",
            "activity": as_message(activity),
            "stock": {"bottle": bottle_id, "count": racks.stock(connection(), bottle_id or 0)},
            "totals": standing(connection()),
            "slots": places,
        }
    )


def _place(slot: racks.Slot) -> str:
    return f"slot-{slot.rack_id}-{slot.shelf}-{slot.place}"
