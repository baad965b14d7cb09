"""Routes that would show it if two requests ever shared something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from demijohn import Blueprint, Flask, Response, g, request, session, stream_with_context


def register(app: Flask) -> None:
    room = Blueprint("isolation", __name__, url_prefix="/own")

    @room.before_request
    def remember() -> None:
        g.mark = request.args["mark"]
        session["mark"] = request.args["mark"]

    @room.before_request
    async def remember_later() -> None:
        await asyncio.sleep(0.001)
        g.later = request.args["mark"]

    @room.after_request
    def show(response: Response) -> Response:
        response.headers["X-Mark"] = f"{g.mark} {g.later} {session['mark']}"
        return response

    def told() -> str:
        return f"{request.args['mark']} {g.mark} {g.later} {session['mark']}"

    @room.get("/s")
    def view_sync() -> str:
        time.sleep(0.002)
        return told()

    @room.get("/a")
    async def view_async() -> str:
        await asyncio.sleep(0.002)
        return told()

    @room.get("/s-stream")
    def stream_sync() -> Any:
        def pieces() -> Iterator[str]:
            for word in told().split():
                time.sleep(0.001)
                yield f"{word} " if request.args["mark"] == word else "foreign "

        return Response(stream_with_context(pieces()))

    @room.get("/a-stream")
    async def stream_async() -> Any:
        async def pieces() -> AsyncIterator[str]:
            for word in told().split():
                await asyncio.sleep(0.001)
                yield f"{word} " if request.args["mark"] == word else "foreign "

        return Response(stream_with_context(pieces()))

    app.register_blueprint(room)
