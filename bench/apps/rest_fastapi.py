"""FastAPI with pydantic's models."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from bench.apps.rest_pydantic import Order, Thing


def make(protocol: str) -> Any:
    """The ASGI application."""
    app = FastAPI(openapi_url=None)

    @app.post("/orders")
    async def order(order: Order) -> Order:
        return order

    @app.get("/things/{id}")
    async def thing(id: int, page: int = 1) -> Thing:
        return Thing(id=id, page=page)

    @app.get("/hello", response_class=PlainTextResponse)
    async def hello() -> str:
        return "Hello, World!"

    return app
