"""BlackSheep, whose messages are compiled with Cython."""

from __future__ import annotations

from typing import Any

from blacksheep import Application, Request, Response, json, text
from blacksheep.exceptions import NotFound
from blacksheep.server.routing import Router

from bench.cases import DOCUMENT, ROUTED_RESOURCES

ANSWERS = {"hello", "params", "json", "query", "form", "multipart", "abort", "unrouted"}


def make(kind: str) -> Application:
    """The ASGI application."""
    app = Application(router=Router())
    if kind == "routes":
        _routes(app)
    else:
        _views(app)
    return app


def _routes(app: Application) -> None:
    async def listing() -> Response:
        return text("all")

    async def one(number: int) -> Response:
        return text(str(number))

    async def named(number: int, item: str) -> Response:
        return text(f"{number} {item}")

    async def acted(number: int, item: str, action: str) -> Response:
        return text(f"{number} {item} {action}")

    for n in range(ROUTED_RESOURCES):
        base = f"/api/v1/things{n}"
        app.router.add_get(base, listing)
        app.router.add_get(base + "/{int:number}", one)
        app.router.add_get(base + "/{int:number}/items/{item}", named)
        app.router.add_get(base + "/{int:number}/items/{item}/{action}", acted)


def _views(app: Application) -> None:
    @app.router.get("/hello")
    async def hello() -> Response:
        return text("Hello, World!")

    @app.router.get("/json")
    async def document() -> Response:
        return json(DOCUMENT)

    @app.router.get("/search")
    async def search(q: str, page: int = 1) -> Response:
        return text(f"{q} {page}")

    @app.router.post("/form")
    async def form(request: Request) -> Response:
        fields: Any = await request.form()
        return text(f"{fields['name']} {fields['quantity']}")

    @app.router.post("/upload")
    async def upload(request: Request) -> Response:
        fields: Any = await request.form()
        return text(f"{fields['title']} {len(fields['file'][0].data)}")

    @app.router.get("/abort")
    async def missing() -> Response:
        raise NotFound
