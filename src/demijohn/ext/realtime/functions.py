"""What handlers call: of the client whose event is handled, where nothing else is said."""

from __future__ import annotations

from typing import Any, cast

from demijohn.ext.realtime.ports import Callback, Extension, Rooms
from demijohn.extend import EitherWay, current_application, current_request

__all__ = ["call", "close_room", "disconnect", "emit", "join_room", "leave_room", "rooms", "send"]


def _socketio() -> Extension:
    found = current_application().extensions.get("socketio")
    if found is None:
        raise RuntimeError("This application has no SocketIO: call init_app.")
    return cast(Extension, found)


def _of_event(name: str) -> Any:
    """``sid`` or ``namespace`` of the event that is handled.

    :raises RuntimeError: outside of an event.
    """
    value = getattr(current_request(), name, None)
    if value is None:
        raise RuntimeError(
            f"No Socket.IO event is handled here, so there is no {name}: say it, or call the method of SocketIO."
        )
    return value


def emit(
    event: str, *args: Any, namespace: str | None = None, to: Rooms = None, room: Rooms = None,
    include_self: bool = True, skip_sid: Rooms = None, broadcast: bool = False, callback: Callback | None = None,
    ignore_queue: bool = False,
) -> EitherWay[None]:  # fmt: skip
    """Send an event to the client whose event is handled, or to others.

    It is a plain call that keeps its order; in ``async def`` it may be awaited, and need not be.

    :param event: Its name.
    :param args: What it carries: what JSON can hold, and bytes.
    :param to: A room, a client's ``sid``, or a list of them; ``room`` is the same.
    :param include_self: Whether the client whose event this is gets it too.
    :param skip_sid: A client, or several, that do not get it.
    :param broadcast: Send it to all clients of the namespace.
    :param callback: Called with what the client acknowledges.
    :param namespace: Another than that of the event.
    :param ignore_queue: Send it to clients of this process only.
    :raises TypeError: for what JSON cannot hold.
    """
    to = to or room
    if to is None and not broadcast:
        to = _of_event("sid")
    return _socketio().emit(
        event, *args, namespace=_of_event("namespace") if namespace is None else namespace, to=to,
        include_self=include_self, skip_sid=skip_sid, callback=callback, ignore_queue=ignore_queue,
    )  # fmt: skip


def send(
    message: object, json: bool = False, namespace: str | None = None, to: Rooms = None, room: Rooms = None,
    include_self: bool = True, skip_sid: Rooms = None, broadcast: bool = False, callback: Callback | None = None,
    ignore_queue: bool = False,
) -> EitherWay[None]:  # fmt: skip
    """Send a message: :func:`emit` of the event ``message``, or ``json``."""
    return emit(
        "json" if json else "message", message, namespace=namespace, to=to or room, include_self=include_self,
        skip_sid=skip_sid, broadcast=broadcast, callback=callback, ignore_queue=ignore_queue,
    )  # fmt: skip


def call(
    event: str, *args: Any, namespace: str | None = None, to: Rooms = None, room: Rooms = None, timeout: float = 60,
    ignore_queue: bool = False,
) -> Any:  # fmt: skip
    """Send an event to a client, by default the one whose event is handled, and wait for what it acknowledges.

    In ``def`` the thread waits; in ``async def`` it is awaited.

    :param timeout: Seconds to wait.
    :raises TimeoutError: python-socketio's, when nothing came in time.
    """
    return _socketio().call(
        event, *args, namespace=_of_event("namespace") if namespace is None else namespace,
        to=to or room or _of_event("sid"), timeout=timeout, ignore_queue=ignore_queue,
    )  # fmt: skip


def join_room(room: str, sid: str | None = None, namespace: str | None = None) -> EitherWay[None]:
    """Let a client into a room, by default the one whose event is handled."""
    server = _socketio().server
    return EitherWay(server.enter_room(sid or _of_event("sid"), room, namespace or _of_event("namespace")))


def leave_room(room: str, sid: str | None = None, namespace: str | None = None) -> EitherWay[None]:
    """Let a client out of a room."""
    server = _socketio().server
    return EitherWay(server.leave_room(sid or _of_event("sid"), room, namespace or _of_event("namespace")))


def close_room(room: str, namespace: str | None = None) -> EitherWay[None]:
    """Let everybody out of a room."""
    return EitherWay(_socketio().server.close_room(room, namespace or _of_event("namespace")))


def rooms(sid: str | None = None, namespace: str | None = None) -> list[str]:
    """The rooms a client is in; its own, which has its ``sid`` as name, is the first."""
    found: list[str] = _socketio().server.rooms(sid or _of_event("sid"), namespace or _of_event("namespace"))
    return found


def disconnect(sid: str | None = None, namespace: str | None = None, silent: bool = False) -> EitherWay[None]:
    """Disconnect a client, by default the one whose event is handled, from its namespace.

    :param silent: Taken for Flask-SocketIO's sake, which does nothing with it.
    """
    server = _socketio().server
    return EitherWay(server.disconnect(sid or _of_event("sid"), namespace or _of_event("namespace")))
