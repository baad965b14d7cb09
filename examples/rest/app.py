"""A cellar's API: typed views over a database, in two versions. Run: demijohn run"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date
from typing import Annotated

import sqlalchemy as sa
from demijohn import Flask, abort
from demijohn.ext.rest import Api, ApiKeyAuth, Bulk, Listing, Page, Versions, check_etag
from msgspec import Meta, Struct
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

versions = Versions(["1", "2"], path="/v{}", header="X-API-Version", default="2")
versions.deprecate("1", since=date(2026, 1, 1), sunset=date(2027, 1, 1))
api = Api(None, prefix="/api", title="Cellar", versions=versions)


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "red"
    WHITE = "white"


class Wine(Base):
    __tablename__ = "wine"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    colour: Mapped[Colour]
    year: Mapped[int]
    price: Mapped[float] = mapped_column(default=0.0)


class WineIn(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    year: Annotated[int, Meta(ge=1900, le=2100)]
    colour: Colour = Colour.RED


class WineOut(Struct):
    id: int
    name: str
    colour: Colour
    year: int


class OldWine(Struct):
    id: int
    label: str


engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
listing = Listing(Wine, filters=("colour", "year"), sorts=("year", "name"), per_page=10)
Id = Annotated[int, Meta(ge=1, le=2**31)]


@api.provider
def transaction() -> Iterator[Session]:
    with Session(engine) as session, session.begin():
        yield session


def find_caller(key: str) -> str | None:
    return {"cellar": "Ada"}.get(key)


caller = ApiKeyAuth(find_caller)


def current(session: Session, id: int) -> Wine:
    wine = session.get(Wine, id)
    if wine is None:
        abort(404, "There is no such wine.")
    return wine


@api.get("/wines", version="1", tags=["wines"], endpoint="wines")
def old_wines(session: Session) -> list[OldWine]:
    """All wines, as the first version had them."""
    wines = session.scalars(sa.select(Wine).order_by(Wine.id).limit(100))
    return [OldWine(wine.id, f"{wine.name} {wine.year}") for wine in wines]


@api.get("/wines", version="2", tags=["wines"])
def wines(session: Session, page: Annotated[Page, listing]) -> list[WineOut]:
    """The wines, by pages."""
    return page.of(session, sa.select(Wine))


@api.get("/wines/<int:id>", version="2", tags=["wines"], etag=True, errors={404: "There is no such wine."})
def wine(session: Session, id: Id) -> WineOut:
    """One wine."""
    return current(session, id)


@api.post("/wines", version="2", status=201, tags=["wines"], auth=caller, idempotent=True)
def add(session: Session, wine: WineIn) -> WineOut:
    """Put a bottle in."""
    made = Wine(name=wine.name, year=wine.year, colour=wine.colour)
    session.add(made)
    session.flush()
    return made


@api.put(
    "/wines/<int:id>", version="2", tags=["wines"], auth=caller,
    errors={404: "There is no such wine.", 412: "It was changed.", 428: "Send If-Match."},
)  # fmt: skip
def put(session: Session, id: Id, wine: WineIn) -> WineOut:
    """Change a wine, as it was when you got it."""
    kept = current(session, id)
    check_etag(WineOut(kept.id, kept.name, kept.colour, kept.year))
    kept.name, kept.year, kept.colour = wine.name, wine.year, wine.colour
    return kept


@api.delete(
    "/wines/<int:id>", version="2", tags=["wines"], auth=caller, errors={404: "There is no such wine."}
)
def drink(session: Session, id: Id) -> None:
    """Take a bottle out."""
    session.delete(current(session, id))


@api.post("/deliveries", version="2", tags=["wines"], auth=caller)
def deliver(session: Session, wines: list[WineIn]) -> Bulk[WineOut]:
    """Put several bottles in; those of the future stay outside."""
    bulk: Bulk[WineOut] = Bulk()
    for wine in wines:
        if wine.year > date.today().year:
            bulk.error(409, "That year has not been yet.")
            continue
        made = Wine(name=wine.name, year=wine.year, colour=wine.colour)
        session.add(made)
        session.flush()
        bulk.add(WineOut(made.id, made.name, made.colour, made.year), 201)
    return bulk


def create_app() -> Flask:
    app = Flask(__name__)
    api.init_app(app)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        if session.get(Wine, 1) is None:
            session.add_all([
                Wine(name="Rioja", year=2016, colour=Colour.RED),
                Wine(name="Riesling", year=2021, colour=Colour.WHITE),
            ])  # fmt: skip
    return app
