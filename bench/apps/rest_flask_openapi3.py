"""flask-openapi3 with pydantic's models."""

from __future__ import annotations

from typing import Any

from flask_openapi3 import OpenAPI
from pydantic import BaseModel

from bench.apps.rest_pydantic import Order, Thing


class Path(BaseModel):
    """The variable part of a path."""

    id: int


class Query(BaseModel):
    """The query string."""

    page: int = 1


def make(protocol: str) -> Any:
    """The WSGI application."""
    app = OpenAPI(__name__, doc_ui=False)

    @app.post("/orders")
    def order(body: Order) -> Any:
        return body.model_dump()

    @app.get("/things/<int:id>")
    def thing(path: Path, query: Query) -> Any:
        return Thing(id=path.id, page=query.page).model_dump()

    @app.get("/hello")
    def hello() -> str:
        return "Hello, World!"

    return app
