"""demijohn: typed views, sync by WSGI and async by ASGI; `hand` does by hand what they do; a hello world."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from demijohn import Flask, Response, request
from demijohn.ext.rest import Api


class Origin(Struct):
    """Where a wine is from."""

    country: str
    region: str
    lat: float
    lon: float


class Line(Struct):
    """Bottles of one wine."""

    id: int
    name: str
    price: float
    count: int
    tags: list[str]
    origin: Origin
    note: str | None = None


class Order(Struct):
    """What somebody wants."""

    customer: str
    number: int
    lines: list[Line]


class Thing(Struct):
    """An answer with two numbers."""

    id: int
    page: int


def make(protocol: str) -> Any:
    """The application."""
    app = Flask(__name__)
    api = Api(app)
    decode, encode = msgspec.json.Decoder(Order).decode, msgspec.json.Encoder().encode

    if protocol == "wsgi":

        @api.post("/orders")
        def order(order: Order) -> Order:
            return order

        @api.get("/things/<int:id>")
        def thing(id: int, page: int = 1) -> Thing:
            return Thing(id, page)

        @app.post("/hand")
        def hand() -> Response:
            return Response(encode(decode(request.get_data())), mimetype="application/json")

        @app.get("/hello")
        def hello() -> str:
            return "Hello, World!"
    else:

        @api.post("/orders")
        async def async_order(order: Order) -> Order:
            return order

        @api.get("/things/<int:id>")
        async def async_thing(id: int, page: int = 1) -> Thing:
            return Thing(id, page)

        @app.post("/hand")
        async def async_hand() -> Response:
            return Response(encode(decode(request.get_data())), mimetype="application/json")

        @app.get("/hello")
        async def async_hello() -> str:
            return "Hello, World!"

    return app
