"""A chat with rooms: what is said is heard by all who are in the room. Run: demijohn run"""

from __future__ import annotations

import os

from demijohn import Flask, render_template, request
from demijohn.ext.realtime import SocketIO, emit, join_room, leave_room, rooms

app = Flask(__name__)
app.config.from_prefixed_env()

# One worker needs no queue; with REDIS_URL, any number share what is said.
socketio = SocketIO(app, message_queue=os.environ.get("REDIS_URL"), recovery=120)

ROOMS = ("cellar", "kitchen")


@app.get("/")
def index() -> str:
    return render_template("chat.html", rooms=ROOMS)


@socketio.on("enter")
def enter(room: str, name: str) -> dict[str, str]:
    """Go into a room, out of the one before."""
    if room not in ROOMS or not 0 < len(name) <= 40:
        return {"error": "There is no such room, or that is no name."}
    for other in rooms()[1:]:
        leave_room(other)
    join_room(room)
    emit("entered", name, to=room, include_self=False)
    return {"room": room}


@socketio.on("say")
async def say(name: str, text: str) -> str:
    """Say something in the room one is in."""
    text = text.strip()[:500]
    if text:
        await emit("said", name, text, to=[room for room in rooms() if room != request.sid])
    return text
