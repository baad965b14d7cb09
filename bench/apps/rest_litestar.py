"""Litestar with msgspec's Structs, which it validates natively."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, get, post

from bench.apps.rest_demijohn import Order, Thing


def make(protocol: str) -> Any:
    """The ASGI application."""

    @post("/orders", status_code=200)
    async def order(data: Order) -> Order:
        return data

    @get("/things/{id:int}")
    async def thing(id: int, page: int = 1) -> Thing:
        return Thing(id, page)

    @get("/hello", media_type="text/plain", sync_to_thread=False)
    def hello() -> str:
        return "Hello, World!"

    return Litestar([order, thing, hello], openapi_config=None)
