from typing import Any

from demijohn import Flask, request
from demijohn.ext.realtime import SocketIO, call, emit, join_room

app = Flask(__name__)
app.config.from_prefixed_env()
socketio = SocketIO(app)

highest: dict[str, int] = {}


@socketio.on("watch")
def watch(lot: str) -> int:
    join_room(f"lot-{lot}")
    return highest.get(lot, 0)  # what is returned acknowledges


@socketio.on("bid")
async def bid(lot: str, amount: int) -> dict[str, Any]:
    if amount <= highest.get(lot, 0):
        return {"error": "somebody bids more"}
    if not await call("sure?", lot, amount, timeout=5):
        return {"error": "you were not sure"}
    highest[lot] = amount
    emit("bid", lot, amount, to=f"lot-{lot}")
    return {"bid": amount, "by": request.sid}


@app.get("/end/<lot>")
def end(lot: str) -> str:
    socketio.emit("sold", {"lot": lot, "for": highest.pop(lot, 0)}, to=f"lot-{lot}")
    return "sold"
