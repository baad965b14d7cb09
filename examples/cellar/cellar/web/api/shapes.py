"""What programs send and get, as types: the handlers' annotations, and so the API's document too."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from demijohn import url_for
from demijohn.ext.i18n import gettext
from demijohn.ext.rest import InvalidRequest
from msgspec import Meta, Struct

from cellar.store.models import Bottle
from cellar.web.years import wrong_year

Colour = Literal["red", "white", "rose", "sparkling", "sweet"]
Sort = Literal["newest", "name", "vintage", "window", "rating", "stock"]
Year = Annotated[int, Meta(ge=1800, le=2200)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]

# Something to read on one line: no control characters, which no page could show and PostgreSQL would not take.
LINE = r"^(?=.*\S)[^\x00-\x1f\x7f]+$"


class Credentials(Struct):
    """Whose token is wanted."""

    name: Annotated[str, Meta(max_length=30, pattern=LINE)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class Token(Struct):
    """What goes behind `Authorization: Bearer`, and for how many seconds it is good."""

    access_token: str
    token_type: str
    expires_in: int


class Label(Struct, kw_only=True):
    """What a label says, in both versions."""

    name: Annotated[str, Meta(max_length=80, pattern=LINE)]
    producer: Annotated[str, Meta(max_length=80, pattern=LINE)]
    vintage: Annotated[int, Meta(ge=1800, le=2100)] | None = None
    colour: Colour
    region: Annotated[str, Meta(max_length=60, pattern=LINE)]
    country: Annotated[str, Meta(max_length=60, pattern=LINE)]
    grapes: Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    drink_from: Year | None = None
    drink_until: Year | None = None
    story: Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] = ""


class Wanted(Label, kw_only=True):
    """A new bottle, with how many of it to lay in which rack."""

    rack: Number
    count: Annotated[int, Meta(ge=1, le=48)]

    def details(self) -> dict[str, Any]:
        """The columns of the bottle; a 422 where the years do not follow one another."""
        wrong = wrong_year(self.vintage, self.drink_from, self.drink_until)
        if wrong:
            name, words = wrong
            raise InvalidRequest([{"in": "body", "pointer": f"/{name}", "detail": words}])
        names = [name for name in Label.__struct_fields__ if name != "colour"]
        tidied = {name: getattr(self, name) for name in names}
        for name in ("name", "producer", "region", "country", "grapes"):
            tidied[name] = " ".join(tidied[name].split())
        return {**tidied, "colour": self.colour}


class Known(Label, kw_only=True):
    """A bottle there is: `window` says whether it is the time to drink it."""

    id: int
    stock: int
    rating: float | None
    photo: str | None
    window: Literal["open", "early", "ready", "last", "past"]
    url: str


class Verdict(Struct):
    """What was thought of an opened bottle, if anything."""

    rating: Annotated[int, Meta(ge=1, le=5)] | None = None
    note: Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] = ""

    def check(self) -> None:
        """A note without a rating would have nothing to stand under."""
        if self.note and self.rating is None:
            words = gettext("Give it one to five glasses to keep the note.")
            raise InvalidRequest([{"in": "body", "pointer": "/rating", "detail": words}])


class RackOut(Struct):
    """A rack, and how many of its places are taken."""

    id: int
    name: str
    shelves: int
    places: int
    taken: int
    size: int


class Place(Struct):
    """Where a bottle was taken from."""

    rack: int
    shelf: int
    place: int


def known(bottle: Bottle, version: str) -> dict[str, Any]:
    """What both versions say of a bottle."""
    same = (*Label.__struct_fields__, "id", "stock", "rating")
    return {
        **{name: getattr(bottle, name) for name in same},
        "photo": bottle.photo and url_for("bottles.photo", name=bottle.photo),
        "window": bottle.window(),
        "url": url_for("api.bottle", bottle_id=bottle.id, api_version=version),
    }
