"""The same on Starlette, with a queue for each who listens: what its users write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

listeners: set[asyncio.Queue[str]] = set()


async def hello(request: Request) -> Response:
    return PlainTextResponse("Hello, World!")


async def messages() -> AsyncIterator[str]:
    queue: asyncio.Queue[str] = asyncio.Queue(64)
    listeners.add(queue)
    try:
        while True:
            yield await queue.get()
    finally:
        listeners.discard(queue)


async def encoded() -> AsyncIterator[str]:
    async for message in messages():
        yield f"data: {message}\n\n"


async def events(request: Request) -> Response:
    return StreamingResponse(encoded(), media_type="text/event-stream")


async def publish(request: Request) -> Response:
    message = (await request.body()).decode()
    for queue in listeners:
        queue.put_nowait(message)
    return Response(status_code=204)


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


ROUTES = [
    Route("/hello", hello),
    Route("/publish", publish, methods=["POST"]),
    WebSocketRoute("/echo", echo),
]
app = Starlette(routes=[*ROUTES, Route("/events", events)])
