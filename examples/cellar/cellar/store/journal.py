"""The journal of the cellar: who did what, who raised a glass to it, and what it tasted of."""

from __future__ import annotations

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import joinedload

from cellar.store.database import db
from cellar.store.models import Activity, Cheer, Tasting

# In words, as SQLAlchemy has no "unless it is there" for every database; SQLite and PostgreSQL share these.
RAISE_A_GLASS = text(
    "INSERT INTO cheer (activity_id, person_id) VALUES (:activity, :person) ON CONFLICT DO NOTHING"
)


def entries() -> Select[Activity]:
    """All entries with the people in them, newest first."""
    return select(Activity).options(joinedload(Activity.person, innerjoin=True)).order_by(Activity.id.desc())


def latest(count: int) -> Select[Activity]:
    """The last entries, newest first."""
    return entries().limit(count)


def since(activity_id: int, count: int = 50) -> Select[Activity]:
    """The last entries after one, newest first."""
    return entries().where(Activity.id > activity_id).limit(count)


def tastings(bottle_id: int) -> Select[Tasting]:
    """What was thought of a bottle, newest first."""
    return (
        select(Tasting)
        .where(Tasting.bottle_id == bottle_id)
        .options(joinedload(Tasting.person, innerjoin=True))
        .order_by(Tasting.id.desc())
    )


def record(person_id: int, verb: str, subject: str, bottle_id: int | None = None) -> Activity:
    """Write down that somebody did something."""
    activity = Activity(person_id=person_id, verb=verb, subject=subject, bottle_id=bottle_id)
    db.session.add(activity)
    db.session.flush()
    return activity


async def cheer(activity_id: int, person_id: int) -> int:
    """Raise a glass to an entry, once a person; returns how many have.

    Raises `LookupError` when there is no such entry.
    """
    if await db.async_session.get(Activity, activity_id) is None:
        raise LookupError(f"There is no activity {activity_id}.")
    async with db.transaction() as session:
        await session.execute(RAISE_A_GLASS, {"activity": activity_id, "person": person_id})
    count = select(func.count()).select_from(Cheer).where(Cheer.activity_id == activity_id)
    return await db.async_session.scalar(count) or 0
