"""Events for everybody who listens, and WebSockets that echo."""

from __future__ import annotations

from demijohn import Broadcast, Flask, Response, event_stream, request, websocket

app = Flask(__name__, static_folder=None)
news = Broadcast()


@app.get("/hello")
async def hello() -> str:
    return "Hello, World!"


@app.get("/events")
async def events() -> Response:
    return event_stream(news.subscribe("news"), ping=15)


@app.post("/publish")
async def publish() -> tuple[str, int]:
    news.publish("news", request.get_data(as_text=True))
    return "", 204


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        await websocket.send(message)
