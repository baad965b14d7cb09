"""The API as it is here."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, Field

from demijohn import Flask, abort
from demijohn.ext.rest import Api, Header

app = Flask(__name__)
api = Api(app, title="Cellar")
kept = {}


class Wine(BaseModel):
    name: str = Field(min_length=1)
    year: int


class Wines(dict[int, Wine]):
    pass


@api.provider
def cellar() -> Iterator[Wines]:
    yield kept.setdefault("wines", Wines())


@api.post("/wines/<int:id>", status=201)
def add(id: int, wine: Wine, wines: Wines, x_key: Annotated[str, Header()] = "") -> Wine:
    wines[id] = wine
    return wine


@api.get("/wines/<int:id>")
async def get(id: int, wines: Wines) -> Wine:
    if id not in wines:
        abort(404, "There is no such wine.")
    return wines[id]
