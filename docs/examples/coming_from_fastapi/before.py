"""The API as it was, with FastAPI."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="Cellar")
kept = {}


class Wine(BaseModel):
    name: str = Field(min_length=1)
    year: int


def cellar() -> Iterator[dict[int, Wine]]:
    yield kept


@app.post("/wines/{id}", status_code=201)
def add(
    id: int,
    wine: Wine,
    wines: Annotated[dict[int, Wine], Depends(cellar)],
    x_key: Annotated[str, Header()] = "",
) -> Wine:
    wines[id] = wine
    return wine


@app.get("/wines/{id}")
async def get(id: int, wines: Annotated[dict[int, Wine], Depends(cellar)]) -> Wine:
    if id not in wines:
        raise HTTPException(404, "There is no such wine.")
    return wines[id]
