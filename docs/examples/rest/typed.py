"""A cellar with typed views."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from demijohn import Flask, abort
from demijohn.ext.rest import Api, Header

app = Flask(__name__)
api = Api(app, title="Cellar", version="1.4")


class Wine(Struct):
    name: Annotated[str, Meta(min_length=1)]
    year: int
    note: str | None = None


class Cellar:
    racks: dict[int, list[Wine]] = {1: [], 2: []}

    def rack(self, number: int) -> list[Wine]:
        if number not in self.racks:
            abort(404, f"There is no rack {number}.")
        return self.racks[number]


@api.provider
def cellar() -> Iterator[Cellar]:
    yield Cellar()  # where a database would be opened, and closed behind it


@api.post("/racks/<int:rack>/wines", status=201, tags=["wines"], errors={404: "There is no such rack."})
def add(
    cellar: Cellar, rack: int, wine: Wine, dry: bool = False, key: Annotated[str, Header("X-Key")] = ""
) -> Wine:
    """Put a bottle in."""
    cellar.rack(rack).append(wine)
    return wine


@api.get("/racks/<int:rack>/wines", tags=["wines"])
async def wines(cellar: Cellar, rack: int, since: int = 0) -> list[Wine]:
    """What is in a rack."""
    return [wine for wine in cellar.rack(rack) if wine.year >= since]
