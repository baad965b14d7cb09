"""WebSocket routes."""

from __future__ import annotations

import asyncio

from demijohn import Flask, abort, session, websocket

from . import journal


def register(app: Flask) -> None:
    @app.websocket("/ws/echo")
    async def echo() -> None:
        await websocket.accept()
        while True:
            await websocket.send(await websocket.receive())

    @app.websocket("/ws/json")
    async def json() -> None:
        await websocket.accept()
        while True:
            value = await websocket.receive_json()
            await websocket.send_json({"got": value})

    @app.websocket("/ws/tell/<word>")
    async def tell(word: str) -> None:
        await websocket.accept()
        await websocket.send_json(
            {
                "word": word,
                "path": websocket.path,
                "args": websocket.args.to_dict(),
                "cookie": websocket.cookies.get("flavour"),
                "header": websocket.headers.get("X-Test"),
                "user": session.get("user"),
            }
        )

    @app.websocket("/ws/choose")
    async def choose() -> None:
        offered = list(websocket.requested_subprotocols)
        await websocket.accept(subprotocol=offered[-1] if offered else None)
        await websocket.send(",".join(offered))

    @app.websocket("/ws/close/<int:code>")
    async def close(code: int) -> None:
        await websocket.accept()
        await websocket.close(code, "as asked")

    @app.websocket("/ws/wait")
    async def wait() -> None:
        """Note how the conversation ended."""
        key = websocket.args["key"]
        await websocket.accept()
        try:
            while True:
                await websocket.receive()
        finally:
            journal.note(key, "ended")

    @app.websocket("/ws/boom")
    async def boom() -> None:
        await websocket.accept()
        await websocket.receive()
        raise RuntimeError("secret detail in a handler")

    @app.websocket("/ws/refuse")
    async def refuse() -> None:
        abort(401)

    @app.websocket("/ws/flood")
    async def flood() -> None:
        """Send as fast as possible; a reader that is slow must slow it down or lose the connection."""
        key = websocket.args["key"]
        await websocket.accept()
        sent = 0
        try:
            while sent < 3000:
                await websocket.send(b"x" * 65_536)
                sent += 1
        finally:
            journal.note(key, f"sent {sent}")

    @app.websocket("/ws/ticks")
    async def ticks() -> None:
        await websocket.accept()
        for number in range(3):
            await asyncio.sleep(0.01)
            await websocket.send(str(number))
