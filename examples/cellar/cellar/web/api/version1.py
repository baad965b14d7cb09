"""The first version, which is to go: money as a number of euros, lists inside of an object that counts them."""

from __future__ import annotations

from typing import Annotated

from demijohn import url_for
from msgspec import Meta, Struct

from cellar.store import bottles
from cellar.store.database import db
from cellar.store.models import Bottle, Person
from cellar.web.api.base import api, caller
from cellar.web.api.common import lay, take
from cellar.web.api.shapes import Colour, Known, Number, Place, Sort, Verdict, Wanted, known
from cellar.web.bottles import find_or_404


class WantedIn1(Wanted, kw_only=True):
    """A new bottle; the price is in euros."""

    price: Annotated[float, Meta(ge=0, le=100_000)] | None = None


class BottleIn1(Known, kw_only=True):
    """A bottle; the price is in euros."""

    price: float | None


class Found(Struct):
    """One page of a list."""

    items: list[BottleIn1]
    total: int
    page: int
    pages: int


class Opened(Struct):
    """A bottle that was opened, and where it lay."""

    taken_from: Place
    bottle: BottleIn1


def shown(bottle: Bottle) -> BottleIn1:
    """A bottle as this version shows it."""
    return BottleIn1(**known(bottle, "1"), price=bottle.price)


@api.get("/bottles", version="1", tags=["bottles"], endpoint="bottles", errors={404: "No such page."})
async def find(
    q: str = "",
    colour: Colour | None = None,
    ready: bool = False,
    sort: Sort = "newest",
    page: Number = 1,
) -> Found:
    """One page of bottles."""
    search = bottles.Search(bottles.readable(q), colour or "", ready, sort)
    found = await db.async_session.paginate(bottles.find(search), page=page, per_page=25)
    return Found([shown(bottle) for bottle in found], found.total or 0, found.page, found.pages)


@api.get(
    "/bottles/<number:bottle_id>",
    version="1",
    tags=["bottles"],
    endpoint="bottle",
    errors={404: "There is no such bottle."},
)
async def show(bottle_id: int) -> BottleIn1:
    """One bottle."""
    return shown(await db.async_session.get_or_404(Bottle, bottle_id))


@api.post(
    "/bottles",
    version="1",
    status=201,
    tags=["bottles"],
    endpoint="add",
    errors={409: "The rack is full."},
)
def add(person: Annotated[Person, caller], wanted: WantedIn1) -> BottleIn1:
    """Add a bottle and lay it in a rack."""
    cents = None if wanted.price is None else round(wanted.price * 100)
    bottle = lay(person, wanted, {**wanted.details(), "price_cents": cents})
    return shown(bottle), 201, {"Location": url_for("api.bottle", bottle_id=bottle.id, api_version="1")}


@api.post(
    "/bottles/<number:bottle_id>/open",
    version="1",
    tags=["bottles"],
    endpoint="open",
    errors={404: "There is no such bottle.", 409: "There is none left."},
)
def open_one(person: Annotated[Person, caller], bottle_id: int, verdict: Verdict) -> Opened:
    """Take one bottle out; what was thought of it may be said."""
    bottle = find_or_404(bottle_id)
    place = take(person, bottle, verdict)
    return Opened(place, shown(bottle))
