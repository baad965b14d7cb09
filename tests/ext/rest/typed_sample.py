"""Read by type checkers, not run: a typed view keeps its signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, assert_type

from msgspec import Struct

from demijohn import Flask
from demijohn.ext.rest import Api, BearerAuth, Bulk, Header, Query, typed

app = Flask(__name__)
api = Api(app, title="Cellar")


class Wine(Struct):
    name: str
    year: int = 2000


class Session:
    pass


@api.provider
def session() -> Iterator[Session]:
    yield Session()


def load(token: str) -> str | None:
    return token


@api.post("/racks/<int:rack>/wines", status=201)
def add(rack: int, wine: Wine, session: Session, key: Annotated[str, Header("X-Key")] = "") -> Wine:
    return wine


@app.get("/search")
@typed(tags=["search"], errors={404: "Nothing found."}, auth=BearerAuth(load))
async def search(where: Annotated[Wine, Query()], user: Annotated[str, BearerAuth(load)]) -> list[Wine]:
    return [where]


@app.post("/bulk")
@typed
def bulk(wines: list[Wine]) -> Bulk[Wine]:
    made = Bulk[Wine]()
    made.add(wines[0], 201)
    return made


assert_type(add(1, Wine("a"), Session(), key="k"), Wine)
assert_type(bulk([]), Bulk[Wine])


async def call() -> None:
    assert_type(await search(Wine("a"), "ada"), list[Wine])
