"""Bottles: what they are, finding them, and the words for when to drink them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from math import ceil

COLOURS = {"red": "Red", "white": "White", "rose": "Rosé", "sparkling": "Sparkling", "sweet": "Sweet"}

# In its window, which somebody must have given; the SQL twin of `Bottle.window`.
READY = (
    "(drink_from IS NOT NULL OR drink_until IS NOT NULL)"
    " AND coalesce(drink_from, 0) <= :year AND coalesce(drink_until, 9999) >= :year"
)

# What may be sorted by, so that no text from a visitor ever becomes SQL.
SORTS = {
    "newest": ("Newest first", "id DESC"),
    "name": ("Name", "name COLLATE NOCASE, vintage, id"),
    "vintage": ("Oldest vintage", "vintage IS NULL, vintage, id"),
    "window": ("Drink soonest", "drink_until IS NULL, drink_until, id"),
    "rating": ("Best rated", "rating IS NULL, rating DESC, id"),
    "stock": ("Most in stock", "stock DESC, id"),
}


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says of a bottle. Money is in cents; years are calendar years."""

    name: str
    producer: str
    vintage: int | None
    colour: str
    region: str
    country: str
    grapes: str = ""
    price_cents: int | None = None
    drink_from: int | None = None
    drink_until: int | None = None
    story: str = ""
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class Bottle(Details):
    """A bottle as it stands in the cellar, with its stock and mean rating."""

    id: int = 0
    stock: int = 0
    rating: float | None = None

    @property
    def title(self) -> str:
        """Name and vintage, as one would say it: `Côte Brune 2015`, `Brut Nature NV`."""
        return f"{self.name} {self.vintage or 'NV'}"

    def window(self, year: int | None = None) -> str:
        """Where `year` (this one by default) lies: `open`, `ready`, `early`, `last` or `past`.

        `open` means that nobody gave a window; `last` that it closes this year or next.
        """
        year = year or date.today().year
        if self.drink_from is None and self.drink_until is None:
            return "open"
        if self.drink_from is not None and year < self.drink_from:
            return "early"
        if self.drink_until is None or year < self.drink_until - 1:
            return "ready"
        return "last" if year <= self.drink_until else "past"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; unknown colours and sorts must have been refused before."""

    words: str = ""
    colour: str = ""
    ready: bool = False
    sort: str = "newest"
    page: int = 1
    per_page: int = 12


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search, and how many there are."""

    items: list[Bottle]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, ceil(self.total / self.per_page))


_BOTTLES = """
    SELECT bottle.*,
           (SELECT count(*) FROM slot WHERE slot.bottle_id = bottle.id) AS stock,
           (SELECT avg(rating) FROM tasting WHERE tasting.bottle_id = bottle.id) AS rating
    FROM bottle
"""
_COLUMNS = tuple(field.name for field in fields(Details))


def _bottle(row: sqlite3.Row) -> Bottle:
    return Bottle(**dict(row))


def get(connection: sqlite3.Connection, bottle_id: int) -> Bottle | None:
    """The bottle with this number, or `None`."""
    row = connection.execute(f"{_BOTTLES} WHERE bottle.id = ?", (bottle_id,)).fetchone()
    return _bottle(row) if row else None


def _conditions(search: Search) -> tuple[str, dict[str, object]]:
    """The WHERE clause for `search` and its parameters."""
    clauses, values = ["1"], dict[str, object]()
    for number, word in enumerate(search.words.split()[:8]):
        pattern = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values[f"word{number}"] = f"%{pattern}%"
        clauses.append(
            "(name || ' ' || producer || ' ' || region || ' ' || country || ' ' || grapes || ' '"
            f" || coalesce(vintage, 'NV')) LIKE :word{number} ESCAPE '\\'"
        )
    if search.colour:
        values["colour"] = search.colour
        clauses.append("colour = :colour")
    if search.ready:
        values["year"] = date.today().year
        clauses.append(f"{READY} AND EXISTS (SELECT 1 FROM slot WHERE slot.bottle_id = bottle.id)")
    return " AND ".join(clauses), values


def find(connection: sqlite3.Connection, search: Search) -> Page:
    """One page of the bottles that match; a page past the end is the last one."""
    where, values = _conditions(search)
    (total,) = connection.execute(f"SELECT count(*) FROM bottle WHERE {where}", values).fetchone()
    last = max(1, ceil(total / search.per_page))
    page = min(search.page, last)
    rows = connection.execute(
        f"{_BOTTLES} WHERE {where} ORDER BY {SORTS[search.sort][1]} LIMIT :limit OFFSET :offset",
        {**values, "limit": search.per_page, "offset": (page - 1) * search.per_page},
    )
    return Page([_bottle(row) for row in rows], total, page, search.per_page)


def every(connection: sqlite3.Connection, search: Search) -> Iterator[Bottle]:
    """All bottles that match, one by one, never all in memory."""
    where, values = _conditions(search)
    for row in connection.execute(f"{_BOTTLES} WHERE {where} ORDER BY {SORTS[search.sort][1]}", values):
        yield _bottle(row)


def add(connection: sqlite3.Connection, details: Details) -> int:
    """Keep a new bottle, as yet in no rack; returns its number."""
    names = ", ".join(_COLUMNS)
    marks = ", ".join(f":{name}" for name in _COLUMNS)
    cursor = connection.execute(f"INSERT INTO bottle ({names}) VALUES ({marks})", asdict(details))
    return int(cursor.lastrowid or 0)


def change(connection: sqlite3.Connection, bottle_id: int, details: Details) -> None:
    """Replace what is said of a bottle."""
    settings = ", ".join(f"{name} = :{name}" for name in _COLUMNS)
    connection.execute(f"UPDATE bottle SET {settings} WHERE id = :id", {**asdict(details), "id": bottle_id})


def remove(connection: sqlite3.Connection, bottle_id: int) -> None:
    """Forget a bottle, the places it lay in and its tasting notes."""
    connection.execute("DELETE FROM bottle WHERE id = ?", (bottle_id,))


def drink_soon(connection: sqlite3.Connection, count: int) -> list[Bottle]:
    """Bottles in stock whose window closes first, those already past it in front."""
    rows = connection.execute(
        f"{_BOTTLES} WHERE drink_until IS NOT NULL AND stock > 0 ORDER BY drink_until, id LIMIT ?", (count,)
    )
    return [_bottle(row) for row in rows]


def photos(connection: sqlite3.Connection) -> set[str]:
    """The names of all photos in use."""
    return {name for (name,) in connection.execute("SELECT photo FROM bottle WHERE photo IS NOT NULL")}
