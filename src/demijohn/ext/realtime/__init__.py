"""Socket.IO: events between a server and its browsers, both ways, with rooms and acknowledgements.

::

    from demijohn import Flask
    from demijohn.ext.realtime import SocketIO, emit, join_room

    app = Flask(__name__)
    socketio = SocketIO(app)

    @socketio.on("bid")
    def bid(lot, amount):
        join_room(f"lot-{lot}")
        emit("bid", amount, to=f"lot-{lot}")
        return {"taken": amount}            # what is returned acknowledges

Handlers are ``def``, in a thread, or ``async def``, on the loop; each event has a context of its own with the
application, the request and the session of its client. ``emit`` and its like are plain calls that keep their order; in
``async def`` they may be awaited and need not be.

``demijohn run`` serves it by ASGI, over WebSockets and polling; so does any ASGI server. Several workers share a
Redis or Valkey: ``SocketIO(app, message_queue="redis://...")``.
"""

from demijohn.extend import needs

with needs("realtime"):
    from socketio.exceptions import ConnectionRefusedError

    from demijohn.ext.realtime.extension import SocketIO
    from demijohn.ext.realtime.functions import (
        call,
        close_room,
        disconnect,
        emit,
        join_room,
        leave_room,
        rooms,
        send,
    )
    from demijohn.ext.realtime.namespace import Namespace
    from demijohn.ext.realtime.test_client import SocketIOTestClient

__all__ = [
    "ConnectionRefusedError", "Namespace", "SocketIO", "SocketIOTestClient", "call", "close_room", "disconnect", "emit",
    "join_room", "leave_room", "rooms", "send",
]  # fmt: skip
