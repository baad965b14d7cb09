"""The second version: money in cents, lists as they are, filtered and sorted by columns, entity tags."""

from __future__ import annotations

from typing import Annotated

from demijohn import url_for
from demijohn.ext.rest import Listing, Page
from msgspec import Meta, Struct

from cellar.store import bottles
from cellar.store.database import db
from cellar.store.models import Bottle, Person
from cellar.web.api.base import api, caller
from cellar.web.api.common import lay, take
from cellar.web.api.shapes import Known, Place, Verdict, Wanted, known
from cellar.web.bottles import find_or_404

listing = Listing(
    Bottle,
    filters=("colour", "country", "region", "vintage", "stock"),
    sorts=("id", "name", "vintage", "drink_until", "stock"),
)


class WantedIn2(Wanted, kw_only=True):
    """A new bottle; the price is in cents."""

    price_cents: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None


class BottleIn2(Known, kw_only=True):
    """A bottle; the price is in cents."""

    price_cents: int | None


class OpenedIn2(Struct):
    """A bottle that was opened, and where it lay."""

    taken_from: Place
    bottle: BottleIn2


def shown(bottle: Bottle) -> BottleIn2:
    """A bottle as this version shows it."""
    return BottleIn2(**known(bottle, "2"), price_cents=bottle.price_cents)


@api.get("/bottles", version="2", tags=["bottles"])
async def find(page: Annotated[Page, listing], q: str = "") -> list[BottleIn2]:
    """The bottles, by pages: `Link` has the addresses of the others."""
    words = bottles.Search(bottles.readable(q))
    found = await page.of_async(db.async_session, bottles.find(words).order_by(None))
    return [shown(bottle) for bottle in found]


@api.get(
    "/bottles/<number:bottle_id>",
    version="2",
    tags=["bottles"],
    etag=True,
    errors={404: "There is no such bottle."},
)
async def show(bottle_id: int) -> BottleIn2:
    """One bottle, with an entity tag: who has it already gets 304."""
    return shown(await db.async_session.get_or_404(Bottle, bottle_id))


@api.post(
    "/bottles",
    version="2",
    status=201,
    tags=["bottles"],
    idempotent=True,
    errors={409: "The rack is full."},
)
def add(person: Annotated[Person, caller], wanted: WantedIn2) -> BottleIn2:
    """Add a bottle and lay it in a rack; sent again with the same `Idempotency-Key`, it is laid once."""
    bottle = lay(person, wanted, {**wanted.details(), "price_cents": wanted.price_cents})
    return shown(bottle), 201, {"Location": url_for("api.bottle", bottle_id=bottle.id, api_version="2")}


@api.post(
    "/bottles/<number:bottle_id>/open",
    version="2",
    tags=["bottles"],
    errors={404: "There is no such bottle.", 409: "There is none left."},
)
def open_one(person: Annotated[Person, caller], bottle_id: int, verdict: Verdict) -> OpenedIn2:
    """Take one bottle out; what was thought of it may be said."""
    bottle = find_or_404(bottle_id)
    place = take(person, bottle, verdict)
    return OpenedIn2(place, shown(bottle))
