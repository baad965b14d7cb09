"""What people do to the cellar. Each act is one transaction, one entry in the journal and one message
to every open page; pages and API share them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from demijohn import url_for

from cellar.store import journal, racks
from cellar.store.database import db
from cellar.store.models import Activity, Bottle, Person, Tasting
from cellar.web import photos
from cellar.web.news import news


def add_bottle(person: Person, details: Mapping[str, Any], rack_id: int, count: int) -> Bottle:
    """Add a bottle and lay `count` of it in a rack; raises `RackFull` and then adds nothing."""
    with db.transaction() as session:
        bottle = Bottle(**details)
        session.add(bottle)
        session.flush()
        filled = racks.shelve(rack_id, bottle.id, count)
        entry = journal.record(person.id, "added", bottle.title, bottle.id)
    _tell(entry, bottle, filled)
    return bottle


def change_bottle(person: Person, bottle: Bottle, details: Mapping[str, Any]) -> None:
    """Replace what is said of a bottle, and its photo's file."""
    former = bottle.photo
    with db.transaction():
        for name, value in details.items():
            setattr(bottle, name, value)
        entry = journal.record(person.id, "changed", bottle.title, bottle.id)
    if former != bottle.photo:
        photos.discard(former)
    _tell(entry, bottle, racks.places_of(bottle.id))


def shelve_bottle(person: Person, bottle: Bottle, rack_id: int, count: int) -> None:
    """Lay `count` more of a bottle in a rack; raises `RackFull`."""
    with db.transaction():
        filled = racks.shelve(rack_id, bottle.id, count)
        entry = journal.record(person.id, "shelved", bottle.title, bottle.id)
    _tell(entry, bottle, filled)


def open_bottle(person: Person, bottle: Bottle, rating: int | None = None, note: str = "") -> racks.Place:
    """Take one bottle out and keep what was thought of it, if rated; raises `NoneLeft`.

    Returns where to find it.
    """
    with db.transaction() as session:
        emptied = racks.take(bottle.id)
        if rating is not None:
            session.add(Tasting(bottle_id=bottle.id, person_id=person.id, rating=rating, note=note))
        entry = journal.record(person.id, "opened", bottle.title, bottle.id)
    _tell(entry, bottle, emptied=[emptied])
    return emptied


def remove_bottle(person: Person, bottle: Bottle) -> None:
    """Forget a bottle, its places, notes and photo."""
    with db.transaction() as session:
        emptied = racks.places_of(bottle.id)
        photo = bottle.photo
        session.delete(bottle)
        entry = journal.record(person.id, "removed", bottle.title)
    photos.discard(photo)
    _tell(entry, emptied=emptied)


def build_rack(person: Person, name: str, shelves: int, places: int) -> int:
    """Set up a rack, and return its number; raises `NameTaken`."""
    with db.transaction():
        number = racks.build(name, shelves, places).id
        entry = journal.record(person.id, "built", name)
    _tell(entry)
    return number


async def cheer(person: Person, activity: int) -> int:
    """Raise a glass to an entry of the journal; returns how many have. Raises `LookupError` for no entry."""
    count = await journal.cheer(activity, person.id)
    news().publish({"type": "cheer", "activity": activity, "count": count})
    return count


def as_message(activity: Activity) -> dict[str, object]:
    """An entry of the journal, with the person in it, as pages get it."""
    return {
        "id": activity.id,
        "who": activity.person.name,
        "verb": activity.verb,
        "subject": activity.subject,
        "url": activity.bottle_id and url_for("bottles.show", bottle_id=activity.bottle_id),
        "at": activity.at.isoformat(),
        "cheers": activity.cheers,
        "cheer_url": url_for("live.cheer", activity=activity.id),
    }


def _tell(
    entry: Activity,
    bottle: Bottle | None = None,
    filled: Sequence[racks.Place] = (),
    emptied: Sequence[racks.Place] = (),
) -> None:
    """Send what changed to every open page."""
    activity = db.session.scalars(journal.entries().where(Activity.id == entry.id)).one()
    totals = racks.Totals.of(db.session.execute(racks.by_colour(date.today().year)))
    look: dict[str, object] = {}
    if bottle:
        url = url_for("bottles.show", bottle_id=bottle.id)
        look = {"title": bottle.title, "colour": bottle.colour, "url": url}
    places: list[dict[str, object]] = [{"id": _slot_id(place), "bottle": look} for place in filled]
    places += [{"id": _slot_id(place), "bottle": None} for place in emptied]
    news().publish(
        {
            "type": "activity",
            "activity": as_message(activity),
            "stock": {"bottle": bottle and bottle.id, "count": bottle.stock if bottle else 0},
            "totals": asdict(totals),
            "slots": places,
        }
    )


def _slot_id(place: racks.Place) -> str:
    """The `id` of a place in the drawing of its rack."""
    return f"slot-{place.rack_id}-{place.shelf}-{place.place}"
