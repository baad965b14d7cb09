"""What is done to clients and rooms, in this process: python-socketio's manager, as plain calls that keep their order.

A queue to other processes is a subclass (``queue``). This module must not know how clients come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from demijohn.ext.realtime.clients import Client, Clients, Packets, deliver
from demijohn.ext.realtime.packets import EVENT, encode
from demijohn.ext.realtime.ports import Rooms, ServerFace

__all__ = ["Manager"]


class Manager:
    """The clients of a server, and what is sent to them."""

    #: Whether it only sends, through a queue, and has no clients.
    write_only = False
    #: The log of what was emitted, where clients may come back to it.
    recovery: Any = None

    def __init__(self) -> None:
        self.clients = Clients()
        self.server: Any = None

    def set_server(self, server: ServerFace) -> None:
        """Belong to a server."""
        self.server = server

    def initialize(self) -> None:
        """Begin, in the process that serves, on its loop."""

    def stop(self) -> None:
        """End what was begun."""

    # What is sent.

    def emit(
        self, event: str, data: object, namespace: str, room: Rooms = None, skip_sid: Rooms = None,
        callback: Callable[..., Any] | None = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """Send an event to a room, to several, or to a whole namespace.

        :raises TypeError: for what JSON cannot hold.
        """
        self.emit_here([event, *as_list(data)], namespace, room, as_set(skip_sid), callback)

    def emit_here(
        self, values: list[Any], namespace: str, room: Rooms, skip: frozenset[str] | None,
        callback: Callable[..., Any] | None,
    ) -> None:  # fmt: skip
        """Send an event to clients of this process."""
        if callback is not None:
            self.encode(values, namespace)  # an error is one also where nobody hears it
            for client in self.clients.select(namespace, room, skip):
                deliver((client,), self.encode(values, namespace, client.expect(callback)))
            return
        recovery = self.recovery
        if recovery is None:
            packets = self.encode(values, namespace)
            deliver(self.clients.select(namespace, room, skip), packets)
            return
        with recovery.lock:  # what is in the log and who hears of it are one
            offset = recovery.next()
            packets = self.encode([*values, recovery.text(offset)], namespace)
            recovery.add(offset, namespace, room, skip, packets)
            deliver(self.clients.select(namespace, room, skip), packets, offset)

    def encode(self, values: list[Any], namespace: str, number: int | None = None) -> Packets:
        """An event as it goes out."""
        return encode(self.server.packet_class, EVENT, values, namespace, number)

    def acknowledge(self, client: Client, number: int, values: list[Any]) -> Any:
        """What becomes of an acknowledgement; an unknown number is none of ours."""
        callback = client.acks.pop(number, None)
        return None if callback is None else callback(*values)

    # Rooms and ends.

    def enter_room(self, sid: str, namespace: str, room: str) -> None:
        """Let a client into a room.

        :raises ValueError: where there is no such client.
        """
        client = self.clients.get(namespace, sid)
        if client is None:
            raise ValueError(f"No client {sid!r} is connected to the namespace {namespace!r}.")
        self.clients.enter(client, room)

    def leave_room(self, sid: str, namespace: str, room: str) -> None:
        """Let a client out of a room."""
        client = self.clients.get(namespace, sid)
        if client is not None:
            self.clients.leave(client, room)

    def close_room(self, room: str, namespace: str) -> None:
        """Let everybody out of a room."""
        self.clients.close(namespace, room)

    def disconnect(self, sid: str, namespace: str) -> None:
        """Disconnect a client from its namespace."""
        client = self.clients.get(namespace, sid)
        if client is not None:
            self.server.end(client)

    # What is known of them, by python-socketio's names.

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """The rooms a client is in, its own first."""
        client = self.clients.get(namespace, sid)
        return [] if client is None else [sid, *client.rooms]

    def is_connected(self, sid: str, namespace: str) -> bool:
        """Whether a client is connected."""
        client = self.clients.get(namespace, sid)
        return client is not None and client.connected

    def get_participants(self, namespace: str, room: Rooms) -> Iterator[tuple[str, str]]:
        """Who is in a room: the ids in the namespace and of the session."""
        for client in self.clients.select(namespace, room, None):
            yield client.sid, client.session.sid

    def get_namespaces(self) -> Iterator[str]:
        """The namespaces that somebody is connected to."""
        return self.clients.namespaces()

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """The id of a client's session."""
        client = self.clients.get(namespace, sid)
        return None if client is None else client.session.sid

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """The id in a namespace of a session's client."""
        session = self.server.session(eio_sid)
        client = None if session is None else session.attached.get(namespace)
        return None if client is None else client.sid


def as_list(data: object) -> list[Any]:
    """The arguments of an event: a tuple is several, None is none."""
    if isinstance(data, tuple):
        return list(data)
    return [] if data is None else [data]


def as_set(skip: Rooms) -> frozenset[str] | None:
    """The ids that are passed over, of one or several."""
    if not skip:
        return None
    return frozenset((skip,) if isinstance(skip, str) else skip)
