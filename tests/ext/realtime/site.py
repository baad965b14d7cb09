"""A site with Socket.IO that the tests of this folder serve, in every way it is served in."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from demijohn import Flask, request, session
from demijohn.ext.realtime import (
    ConnectionRefusedError,
    SocketIO,
    call,
    disconnect,
    emit,
    join_room,
    leave_room,
    rooms,
    send,
)  # fmt: skip

app = Flask(__name__, static_folder=None)
app.secret_key = "f2a4c1d09b7e4d3c8a6f5e1b0c9d8e7f"
app.config["THREADS"] = 4
if "TRUSTED_PROXIES" in os.environ:
    app.config["TRUSTED_PROXIES"] = int(os.environ["TRUSTED_PROXIES"])

socketio = SocketIO(
    app,
    message_queue=os.environ.get("MESSAGE_QUEUE"),
    recovery=float(os.environ["RECOVERY"]) if "RECOVERY" in os.environ else None,
    ping_interval=float(os.environ.get("PING_INTERVAL", "25")),
    ping_timeout=float(os.environ.get("PING_TIMEOUT", "20")),
    max_http_buffer_size=100_000,
    cors_allowed_origins=os.environ.get("CORS") or None,
    transports=os.environ["TRANSPORTS"].split() if "TRANSPORTS" in os.environ else None,
)
ended: list[str] = []


@app.get("/")
def index() -> str:
    return "site"


@app.get("/pid")
def pid() -> str:
    return str(os.getpid())


@app.get("/counts")
def counts() -> dict[str, Any]:
    clients = socketio.server.manager.clients
    return {
        "sessions": len(socketio.server.eio.sockets),
        "environs": len(socketio.server.environ),
        "clients": clients.count(),
        "rooms": clients.room_count(),
        "memory": _memory(),
        "ended": ended,
    }


def _memory() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@app.post("/emit/<room>", cross_origin=True)
def emit_from_view(room: str) -> str:
    socketio.emit("news", request.json, to=None if room == "all" else room)
    return ""


@app.get("/sign-in/<name>")
def sign_in(name: str) -> str:
    session["name"] = name
    return name


@socketio.on("connect")
def connected(auth: Any) -> None:
    if auth and auth.get("refuse"):
        join_room("refused")
        raise ConnectionRefusedError("not you", {"why": "asked for"})
    emit("welcome", {"recovered": request.recovered, "name": session.get("name"), "auth": auth})


@socketio.on("disconnect")
def disconnected(reason: str) -> None:
    ended.append(reason)


@socketio.on("connect", namespace="/lots")
async def connected_to_lots() -> None:
    await emit("welcome", "lots")


@socketio.on("echo")
async def echo(*values: Any) -> Any:
    emit("echo", *values)
    return values


@socketio.on("echo_def")
def echo_def(*values: Any) -> Any:
    emit("echo", *values)
    return values


@socketio.on("count")
def count(to: int) -> None:
    for number in range(to):
        emit("number", number)


@socketio.on("slow")
def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


@socketio.on("sleep")
async def sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"


@socketio.on("join")
def join(room: str) -> list[str]:
    join_room(room)
    return rooms()


@socketio.on("leave")
async def leave(room: str) -> list[str]:
    leave_room(room)
    return rooms()


@socketio.on("say")
async def say(room: str, text: str) -> None:
    emit("said", text, to=room, include_self=False)


@socketio.on("ask")
def ask(sid: str) -> Any:
    return call("question", 6, to=sid, timeout=5)


@socketio.on("ask_async")
async def ask_async(sid: str) -> Any:
    return await call("question", 7, to=sid, timeout=5)


@socketio.on("kick")
def kick(sid: str) -> None:
    disconnect(sid)


@socketio.on("bad")
def bad() -> str:
    try:
        emit("never", {"what": object()})
    except TypeError:
        send("TypeError")
        return "TypeError"
    return "nothing"


@socketio.on("flood")
async def flood(packets: int, size: int) -> None:
    for _ in range(packets):
        emit("flood", "x" * size)


@socketio.on("sid")
async def sid() -> str:
    return str(request.sid)
