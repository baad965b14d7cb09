"""The journal of the cellar: who did what, who raised a glass to it, and what it tasted of."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from cellar.store.database import now


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing somebody did; `bottle_id` is `None` once the bottle is removed. `at` is UTC, ISO 8601."""

    id: int
    who: str
    verb: str
    subject: str
    bottle_id: int | None
    at: str
    cheers: int = 0


@dataclass(frozen=True, slots=True)
class Tasting:
    """What one person thought of one opened bottle, in one to five glasses."""

    who: str
    rating: int
    note: str
    tasted_at: str


_ACTIVITIES = """
    SELECT activity.id, person.name AS who, verb, subject, bottle_id, at,
           (SELECT count(*) FROM cheer WHERE activity_id = activity.id) AS cheers
    FROM activity JOIN person ON person.id = activity.person_id
"""


def record(
    connection: sqlite3.Connection, person_id: int, verb: str, subject: str, bottle_id: int | None = None
) -> int:
    """Write down that somebody did something; returns the entry's number."""
    cursor = connection.execute(
        "INSERT INTO activity (person_id, verb, subject, bottle_id, at) VALUES (?, ?, ?, ?, ?)",
        (person_id, verb, subject, bottle_id, now()),
    )
    return int(cursor.lastrowid or 0)


def latest(connection: sqlite3.Connection, count: int) -> list[Activity]:
    """The last entries, newest first."""
    rows = connection.execute(f"{_ACTIVITIES} ORDER BY activity.id DESC LIMIT ?", (count,))
    return [Activity(**dict(row)) for row in rows]


def since(connection: sqlite3.Connection, activity_id: int, count: int = 50) -> list[Activity]:
    """What came after an entry, oldest first: the last `count` of it."""
    rows = connection.execute(
        f"{_ACTIVITIES} WHERE activity.id > ? ORDER BY activity.id DESC LIMIT ?", (activity_id, count)
    )
    return [Activity(**dict(row)) for row in rows][::-1]


def get(connection: sqlite3.Connection, activity_id: int) -> Activity | None:
    """The entry with this number, or `None`."""
    row = connection.execute(f"{_ACTIVITIES} WHERE activity.id = ?", (activity_id,)).fetchone()
    return Activity(**dict(row)) if row else None


def cheer(connection: sqlite3.Connection, activity_id: int, person_id: int) -> int:
    """Raise a glass to an entry, once a person; returns how many have.

    Raises `LookupError` when there is no such entry.
    """
    try:
        connection.execute("INSERT OR IGNORE INTO cheer VALUES (?, ?)", (activity_id, person_id))
    except sqlite3.IntegrityError:
        raise LookupError(f"There is no activity {activity_id}.") from None
    (count,) = connection.execute(
        "SELECT count(*) FROM cheer WHERE activity_id = ?", (activity_id,)
    ).fetchone()
    return int(count)


def taste(connection: sqlite3.Connection, bottle_id: int, person_id: int, rating: int, note: str) -> None:
    """Keep a tasting note."""
    connection.execute(
        "INSERT INTO tasting (bottle_id, person_id, rating, note, tasted_at) VALUES (?, ?, ?, ?, ?)",
        (bottle_id, person_id, rating, note, now()),
    )


def tastings(connection: sqlite3.Connection, bottle_id: int) -> list[Tasting]:
    """What was thought of a bottle, newest first."""
    rows = connection.execute(
        "SELECT person.name AS who, rating, note, tasted_at"
        " FROM tasting JOIN person ON person.id = person_id WHERE bottle_id = ? ORDER BY tasting.id DESC",
        (bottle_id,),
    )
    return [Tasting(**dict(row)) for row in rows]
