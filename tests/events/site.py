"""What the tests of event streams serve."""

from __future__ import annotations

import asyncio
import os
import threading
import time

from demijohn import Broadcast, Flask, event_stream, request, websocket

if os.environ.get("SYNC_SITE"):
    app = Flask(__name__, static_folder=None)
else:
    app = Flask(__name__, static_folder=None)

    @app.websocket("/live")
    async def live() -> None:
        async for message in prices.subscribe("wine"):
            await websocket.send_json(message.data)


prices = Broadcast(history=100)
journal: list[str] = []


@app.get("/")
def index() -> dict[str, object]:
    return {
        "threads": threading.active_count(), "journal": journal, "listeners": len(prices._hub._listeners()),
    }  # fmt: skip


@app.post("/price")
def set_price() -> tuple[str, int]:
    prices.publish("wine", request.get_data(as_text=True))
    return "", 204


@app.get("/events")
def events() -> object:
    return event_stream(prices.subscribe("wine", after=request.last_event_id), ping=15)


async def for_ever():
    try:
        yield "first"
        await asyncio.sleep(3600)
    finally:
        journal.append("async closed")


def ticking():
    try:
        while True:
            yield "tick"
            time.sleep(0.2)
    finally:
        journal.append("sync closed")


async def tokens():
    for number in range(4):
        yield f"token {number}"
        await asyncio.sleep(0.3)


@app.get("/waiting")
def waiting() -> object:
    return event_stream(for_ever())


@app.get("/ticking")
def ticks() -> object:
    return event_stream(ticking())


@app.get("/ticking-with-pings")
def ticks_with_pings() -> object:
    return event_stream(ticking(), ping=10)


@app.post("/tokens")
def token_stream() -> object:
    return event_stream(tokens())
