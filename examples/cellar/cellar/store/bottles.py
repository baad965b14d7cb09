"""Bottles: finding them, in which order, and which are ready to drink."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select

from cellar.store.models import Bottle

# What may be sorted by, so that no text from a visitor ever becomes SQL.
SORTS: dict[str, ColumnElement[Any]] = {
    "newest": Bottle.id.desc(),
    "name": func.lower(Bottle.name),
    "vintage": Bottle.vintage.nulls_last(),
    "window": Bottle.drink_until.nulls_last(),
    "rating": Bottle.rating.desc().nulls_last(),
    "stock": Bottle.stock.desc(),
}
MOST_WORDS = 8

# What a search looks through.
LABEL = (
    Bottle.name,
    Bottle.producer,
    Bottle.region,
    Bottle.country,
    Bottle.grapes,
    func.coalesce(cast(Bottle.vintage, String), "NV"),
)


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; unknown colours and sorts must have been refused before."""

    words: str = ""
    colour: str = ""
    ready: bool = False
    sort: str = "newest"


def readable(words: str) -> str:
    """What somebody searches for, of any text: not too much, and nothing that no label has."""
    return "".join(letter if letter.isprintable() else " " for letter in words).strip()[:100]


def is_ready(year: int) -> ColumnElement[bool]:
    """In its window, which somebody must have given: what `Bottle.window` says, in SQL."""
    return and_(
        or_(Bottle.drink_from.is_not(None), Bottle.drink_until.is_not(None)),
        func.coalesce(Bottle.drink_from, 0) <= year,
        func.coalesce(Bottle.drink_until, 9999) >= year,
    )


def find(search: Search) -> Select[Bottle]:
    """The bottles that match, every word of the search in some column, in the order asked for."""
    statement = select(Bottle).order_by(SORTS[search.sort], Bottle.id)
    label = reduce(lambda words, column: words + " " + column, LABEL)
    for word in search.words.split()[:MOST_WORDS]:
        statement = statement.where(label.icontains(word, autoescape=True))
    if search.colour:
        statement = statement.where(Bottle.colour == search.colour)
    if search.ready:
        statement = statement.where(is_ready(date.today().year), Bottle.stock > 0)
    return statement


def drink_soon(count: int) -> Select[Bottle]:
    """Bottles in stock whose window closes first, those already past it in front."""
    return (
        select(Bottle)
        .where(Bottle.drink_until.is_not(None), Bottle.stock > 0)
        .order_by(Bottle.drink_until, Bottle.id)
        .limit(count)
    )


def photos() -> Select[str | None]:
    """The names of all photos in use."""
    return select(Bottle.photo).where(Bottle.photo.is_not(None))
