"""FastAPI, async path operations without response models."""

from __future__ import annotations

from typing import Annotated, Any

import fastapi
from fastapi import FastAPI, File, Form, HTTPException, UploadFile
from fastapi.responses import PlainTextResponse

from bench.cases import DOCUMENT, ROUTED_RESOURCES

ANSWERS = {"hello", "params", "json", "query", "form", "multipart", "abort", "unrouted", "method", "pool"}


def make(kind: str) -> FastAPI:
    """The ASGI application."""
    app = FastAPI(openapi_url=None)
    if kind == "pool":

        @app.get("/hello", response_class=PlainTextResponse)
        def sync_hello() -> str:
            return "Hello, World!"

    elif kind == "routes":
        _routes(app)
    else:
        _views(app)
    return app


def _routes(app: FastAPI) -> None:
    async def listing() -> str:
        return "all"

    async def one(number: int) -> str:
        return str(number)

    async def item(number: int, item: str) -> str:
        return f"{number} {item}"

    async def action(number: int, item: str, action: str) -> str:
        return f"{number} {item} {action}"

    for n in range(ROUTED_RESOURCES):
        base = f"/api/v1/things{n}"
        for tail, view in (
            ("", listing),
            ("/{number}", one),
            ("/{number}/items/{item}", item),
            ("/{number}/items/{item}/{action}", action),
        ):
            app.add_api_route(base + tail, view, response_class=PlainTextResponse)


def _views(app: FastAPI) -> None:
    text: dict[str, Any] = {"response_class": PlainTextResponse}

    @app.get("/hello", **text)
    async def hello() -> str:
        return "Hello, World!"

    @app.get("/json")
    async def document() -> Any:
        return DOCUMENT

    @app.get("/search", **text)
    async def search(q: str, page: int = 1) -> str:
        return f"{q} {page}"

    @app.post("/form", **text)
    async def form(name: Annotated[str, Form()], quantity: Annotated[int, Form()]) -> str:
        return f"{name} {quantity}"

    @app.post("/upload", **text)
    async def upload(title: Annotated[str, Form()], file: Annotated[UploadFile, File()]) -> str:
        return f"{title} {len(await file.read())}"

    @app.get("/abort")
    async def missing() -> fastapi.Response:
        raise HTTPException(404)
