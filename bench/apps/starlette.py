"""Starlette, async endpoints, its session middleware only where a session is used."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.websockets import WebSocket

from bench.apps import SECRET, STATIC, TEMPLATES, VISITS
from bench.cases import CASES, DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {case.name for case in CASES} - {"session-idle", "hooks", "bridge"}
templates = Jinja2Templates(directory=TEMPLATES)


async def hello(request: Request) -> Response:
    return PlainTextResponse("Hello, World!")


def sync_hello(request: Request) -> Response:
    return PlainTextResponse("Hello, World!")


async def thing(request: Request) -> Response:
    return PlainTextResponse(str(request.path_params["number"]))


async def document(request: Request) -> Response:
    return JSONResponse(DOCUMENT)


async def search(request: Request) -> Response:
    return PlainTextResponse(f"{request.query_params['q']} {int(request.query_params.get('page', 1))}")


async def form(request: Request) -> Response:
    async with request.form() as fields:
        return PlainTextResponse(f"{fields['name']} {fields['quantity']}")


async def upload(request: Request) -> Response:
    async with request.form() as fields:
        return PlainTextResponse(f"{fields['title']} {len(await fields['file'].read())}")


async def read(request: Request) -> Response:
    return PlainTextResponse(f"user {request.session['user']}")


async def write(request: Request) -> Response:
    request.session["user"] = 7
    request.session["visit"] = next(VISITS)
    return PlainTextResponse("stored")


async def missing(request: Request) -> Response:
    raise HTTPException(404)


async def rows(request: Request) -> Response:
    return templates.TemplateResponse(request, "rows.html", {"title": "Bottles", "rows": ROWS})


async def table(request: Request) -> Response:
    return templates.TemplateResponse(request, "table.html", {"title": "Bottles", "rows": ROWS})


async def page(request: Request) -> Response:
    return templates.TemplateResponse(request, "page.html", {"heading": "Cellar", "text": "Dark & cool"})


async def stream(request: Request) -> Response:
    async def digits() -> Any:
        for n in range(10):
            yield str(n)

    return StreamingResponse(digits(), media_type="text/plain")


async def consume(request: Request) -> Response:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return PlainTextResponse(str(size))


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


async def values(request: Request) -> Response:
    return PlainTextResponse(" ".join(str(value) for value in request.path_params.values()))


def make(kind: str) -> Starlette:
    """The ASGI application."""
    if kind == "pool":
        return Starlette(routes=[Route("/hello", sync_hello)])
    if kind == "routes":
        tails = ("", "/{number:int}", "/{number:int}/items/{item}", "/{number:int}/items/{item}/{action}")
        return Starlette(
            routes=[
                Route(f"/api/v1/things{n}{tail}", values) for n in range(ROUTED_RESOURCES) for tail in tails
            ]
        )
    sessions = [Middleware(SessionMiddleware, secret_key=SECRET)]
    return Starlette(
        routes=[
            Route("/hello", hello, name="hello"),
            Route("/thing/{number:int}", thing, name="thing"),
            Route("/json", document),
            Route("/search", search),
            Route("/form", form, methods=["POST"]),
            Route("/upload", upload, methods=["POST"]),
            Route("/abort", missing),
            Route("/consume", consume, methods=["POST"]),
            WebSocketRoute("/echo", echo),
            Route("/rows", rows),
            Route("/table", table),
            Route("/page", page),
            Route("/stream", stream),
            Route("/session", read, middleware=sessions),
            Route("/session/write", write, methods=["POST"], middleware=sessions),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
    )
