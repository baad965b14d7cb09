"""The models of the peers that take pydantic's."""

from __future__ import annotations

from pydantic import BaseModel


class Origin(BaseModel):
    """Where a wine is from."""

    country: str
    region: str
    lat: float
    lon: float


class Line(BaseModel):
    """Bottles of one wine."""

    id: int
    name: str
    price: float
    count: int
    tags: list[str]
    origin: Origin
    note: str | None = None


class Order(BaseModel):
    """What somebody wants."""

    customer: str
    number: int
    lines: list[Line]


class Thing(BaseModel):
    """An answer with two numbers."""

    id: int
    page: int
