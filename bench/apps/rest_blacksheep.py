"""BlackSheep with pydantic's models, which it binds bodies to."""

from __future__ import annotations

from typing import Any

from blacksheep import Application, FromJSON, FromQuery, FromRoute, Response, json, text

from bench.apps.rest_pydantic import Order, Thing


def make(protocol: str) -> Any:
    """The ASGI application."""
    app = Application()

    @app.router.post("/orders")
    async def order(order: FromJSON[Order]) -> Response:
        return json(order.value.model_dump())

    @app.router.get("/things/{id}")
    async def thing(id: FromRoute[int], page: FromQuery[int]) -> Response:
        return json(Thing(id=id.value, page=page.value).model_dump())

    @app.router.get("/hello")
    async def hello() -> Response:
        return text("Hello, World!")

    return app
