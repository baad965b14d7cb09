"""The tables, as classes. A bottle is a label, one wine of one vintage; how many there are is the number
of slots it lies in, so stock and racks cannot disagree, and no place can hold two.

Relationships are `lazy="raise"`: whoever wants them says so in the query, and no page asks once per row.
After a change here: `demijohn --app cellar db migrate -m "What changed"`, then read what it wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from demijohn.ext.login import UserMixin
from sqlalchemy import CheckConstraint, Float, ForeignKey, String, Text, cast, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from cellar.store.database import Base, Moment, now

COLOURS = ("red", "white", "rose", "sparkling", "sweet")
VERBS = ("added", "shelved", "opened", "changed", "removed", "built")


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The column holds one of these values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Person(UserMixin, Base):
    """Somebody who may change the cellar. `key` is the name as it is compared: without case."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(90), unique=True)
    password: Mapped[str] = mapped_column(String(300))  # its hash
    elsewhere: Mapped[str | None] = mapped_column(String(255), unique=True, index=True)  # provider:subject
    joined_at: Mapped[datetime] = mapped_column(Moment, default=now)


class Slot(Base):
    """A place that is taken: shelf and place are counted from 1, top left first."""

    rack_id: Mapped[int] = mapped_column(ForeignKey("rack.id"), primary_key=True)
    shelf: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    bottle_id: Mapped[int] = mapped_column(ForeignKey("bottle.id", ondelete="CASCADE"), index=True)

    bottle: Mapped[Bottle] = relationship(lazy="raise")


class Rack(Base):
    """A rack; `taken` is how many of its places are."""

    __table_args__ = (
        CheckConstraint("shelves BETWEEN 1 AND 12", name="shelves"),
        CheckConstraint("places BETWEEN 1 AND 16", name="places"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120), unique=True)
    shelves: Mapped[int]
    places: Mapped[int]
    taken: Mapped[int] = column_property(
        select(func.count()).where(Slot.rack_id == id).correlate_except(Slot).scalar_subquery()
    )

    slots: Mapped[list[Slot]] = relationship(lazy="raise", viewonly=True)

    @property
    def size(self) -> int:
        """The number of places in all."""
        return self.shelves * self.places

    @property
    def lying(self) -> dict[tuple[int, int], Bottle]:
        """The bottles by shelf and place; the query must have loaded them (`racks.WITH_BOTTLES`)."""
        return {(slot.shelf, slot.place): slot.bottle for slot in self.slots}


class Tasting(Base):
    """What one person thought of one opened bottle, in one to five glasses."""

    __table_args__ = (CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bottle_id: Mapped[int] = mapped_column(ForeignKey("bottle.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    rating: Mapped[int]
    note: Mapped[str] = mapped_column(Text)
    tasted_at: Mapped[datetime] = mapped_column(Moment, default=now)

    person: Mapped[Person] = relationship(lazy="raise")


class Bottle(Base):
    """A bottle, with its stock and mean rating. Money is in cents; years are calendar years."""

    __table_args__ = (one_of("colour", COLOURS), CheckConstraint("price_cents >= 0", name="price_cents"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    producer: Mapped[str] = mapped_column(String(80))
    vintage: Mapped[int | None]
    colour: Mapped[str] = mapped_column(String(10))
    region: Mapped[str] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(60))
    grapes: Mapped[str] = mapped_column(String(120), default="")
    price_cents: Mapped[int | None]
    drink_from: Mapped[int | None]
    drink_until: Mapped[int | None]
    story: Mapped[str] = mapped_column(Text, default="")
    photo: Mapped[str | None] = mapped_column(String(40), unique=True)
    stock: Mapped[int] = column_property(
        select(func.count()).where(Slot.bottle_id == id).correlate_except(Slot).scalar_subquery()
    )
    rating: Mapped[float | None] = column_property(
        select(func.avg(cast(Tasting.rating, Float)))
        .where(Tasting.bottle_id == id)
        .correlate_except(Tasting)
        .scalar_subquery()
    )

    @property
    def title(self) -> str:
        """Name and vintage, as one would say it: `Côte Brune 2015`, `Brut Nature NV`."""
        return f"{self.name} {self.vintage or 'NV'}"

    @property
    def price(self) -> float | None:
        """The price in euros."""
        return None if self.price_cents is None else self.price_cents / 100

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


class Cheer(Base):
    """A glass that somebody raised to an entry of the journal, once a person."""

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)


class Activity(Base):
    """One thing that somebody did. The subject is copied: the story outlives the bottle."""

    __table_args__ = (one_of("verb", VERBS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    verb: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(100))
    bottle_id: Mapped[int | None] = mapped_column(ForeignKey("bottle.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(Moment, default=now)
    cheers: Mapped[int] = column_property(
        select(func.count()).where(Cheer.activity_id == id).correlate_except(Cheer).scalar_subquery()
    )

    person: Mapped[Person] = relationship(lazy="raise")
