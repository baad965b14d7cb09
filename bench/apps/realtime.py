"""The same three events with Socket.IO here and with python-socketio, each as its own documentation writes them."""

from __future__ import annotations

from typing import Any


def make(kind: str) -> Any:
    """The application of an entrant."""
    return {"demijohn": _demijohn, "python-socketio": _python_socketio}[kind]()


def _demijohn() -> Any:
    from demijohn import Flask
    from demijohn.ext.realtime import SocketIO, emit

    app = Flask(__name__, static_folder=None)
    app.secret_key = "3b5c1c6f0e6d4c0b9f0d2a7e8c4f5a61"
    socketio = SocketIO(app)

    @app.get("/hello", blocking=False)
    def hello() -> str:
        return "hello"

    @socketio.on("echo")
    async def echo(text: str) -> None:
        emit("echo", text)

    @socketio.on("echo_def")
    def echo_def(text: str) -> None:
        emit("echo", text)

    @socketio.on("all")
    async def everybody(text: str) -> None:
        emit("echo", text, broadcast=True)

    return app


def _python_socketio() -> Any:
    import socketio

    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")

    @server.event
    async def echo(sid: str, text: str) -> None:
        await server.emit("echo", text, to=sid)

    @server.event
    async def everybody(sid: str, text: str) -> None:
        await server.emit("echo", text)

    server.on("all", everybody)

    async def hello(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"hello"})

    return socketio.ASGIApp(server, hello)
