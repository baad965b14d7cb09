"""Who is connected to which namespace, and in which rooms.

Rooms are looked at and changed in any thread; what is sent goes through the loop of each client's session. This module
must not know other processes, nor what a packet says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import RLock
from typing import Any

from demijohn.extend import running_loop
from demijohn.ext.realtime.ports import Connection, Place, Rooms

__all__ = ["Client", "Clients", "Packets"]

#: A packet as it goes out: one text, or a list with its attachments.
Packets = Any


class Client:
    """One client's connection to one namespace.

    :param session: What it goes over: sends, has a ``loop``, and ``attached`` clients by namespace.
    :param sid: What it is known by in the namespace.
    """

    __slots__ = (
        "acks", "connected", "held", "last_ack", "namespace", "pid", "recovered", "rooms", "seen", "sent", "session",
        "sid", "since", "turn",
    )  # fmt: skip

    def __init__(self, session: Connection, namespace: str, sid: str) -> None:
        self.session = session
        self.namespace = namespace
        self.sid = sid
        #: The rooms it is in, besides that of its own.
        self.rooms: set[str] = set()
        #: What waits until the connection is accepted; None from then on.
        self.held: list[tuple[Packets, Any]] | None = []
        self.connected = True
        #: What is called when an emit is acknowledged, by its number.
        self.acks: dict[int, Callable[..., Any]] = {}
        self.last_ack = 0
        #: The event that has to be over before its next one begins, without ``async_handlers``.
        self.turn: Any = None
        #: For recovery: its private id, whether it has come back, and since when events are its own.
        self.pid: str | None = None
        self.recovered = False
        self.since: Any = None
        #: Up to where it has seen all, and the last event that it was sent.
        self.seen: Any = None
        self.sent: Any = None

    def expect(self, callback: Callable[..., Any]) -> int:
        """Have ``callback`` called with what the client acknowledges; the number that it is asked under."""
        self.last_ack += 1
        self.acks[self.last_ack] = callback
        return self.last_ack

    def deliver(self, packets: Packets, offset: Place | None = None) -> None:
        """Send a packet, on the session's loop; before the connection is accepted, it waits.

        :param offset: Where an event stands among all, where they are kept: none is delivered twice.
        """
        if self.held is not None:
            self.held.append((packets, offset))
        elif self.connected:
            if offset is not None:
                if self.seen is not None and offset <= self.seen:
                    return
                self.seen = self.sent = offset
            self._send(packets)

    def _send(self, packets: Packets) -> None:
        send = self.session.send
        if packets.__class__ is list:
            for packet in packets:
                send(packet)
        else:
            send(packets)

    def accept(self, first: Packets, missed: Iterable[Packets] = ()) -> None:
        """Send that it is connected, then what it has missed, then what has waited for that."""
        held, self.held = self.held, None
        self._send(first)
        for packets in missed:
            self._send(packets)
        for packets, offset in held or ():
            self.deliver(packets, offset)


class Clients:
    """The clients and rooms of all namespaces in this process."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._clients: dict[str, dict[str, Client]] = {}
        self._rooms: dict[str, dict[str, dict[Client, None]]] = {}

    def add(self, client: Client) -> None:
        """A client connects."""
        with self._lock:
            self._clients.setdefault(client.namespace, {})[client.sid] = client

    def remove(self, client: Client) -> None:
        """It is gone, from its rooms too."""
        with self._lock:
            of_namespace = self._clients.get(client.namespace, {})
            if of_namespace.get(client.sid) is client:
                del of_namespace[client.sid]
                if not of_namespace:
                    del self._clients[client.namespace]
            for room in tuple(client.rooms):
                self.leave(client, room)

    def get(self, namespace: str, sid: str) -> Client | None:
        """The client of an id."""
        return self._clients.get(namespace, {}).get(sid)

    def enter(self, client: Client, room: str) -> None:
        """Let a client into a room, which there is from its first on; not into its own, where it is."""
        if room == client.sid:
            return
        with self._lock:
            client.rooms.add(room)
            self._rooms.setdefault(client.namespace, {}).setdefault(room, {})[client] = None

    def leave(self, client: Client, room: str) -> None:
        """Let a client out of a room."""
        with self._lock:
            client.rooms.discard(room)
            rooms = self._rooms.get(client.namespace, {})
            inside = rooms.get(room)
            if inside is not None:
                inside.pop(client, None)
                if not inside:
                    del rooms[room]
                    if not rooms:
                        del self._rooms[client.namespace]

    def close(self, namespace: str, room: str) -> None:
        """Let everybody out of a room."""
        with self._lock:
            for client in tuple(self._rooms.get(namespace, {}).get(room, ())):
                self.leave(client, room)

    def inside(self, namespace: str, room: str | None) -> tuple[Client, ...]:
        """Who is in a room; in the whole namespace, for None."""
        if room is None:
            return tuple(self._clients.get(namespace, {}).values())
        inside = self._rooms.get(namespace, {}).get(room)
        found = () if inside is None else tuple(inside)
        own = self._clients.get(namespace, {}).get(room)
        return found if own is None else (*found, own)

    def select(self, namespace: str, to: Rooms, skip: frozenset[str] | None) -> Iterable[Client]:
        """Whom an event is for: of a room, of several, each once, or all; but for some."""
        if to is None or isinstance(to, str):
            found: Iterable[Client] = self.inside(namespace, to)
        else:
            found = dict.fromkeys(client for room in to for client in self.inside(namespace, room))
        return [client for client in found if client.sid not in skip] if skip else found

    def namespaces(self) -> Iterator[str]:
        """The namespaces that somebody is connected to."""
        return iter(tuple(self._clients))

    def count(self) -> int:
        """How many clients there are in all namespaces."""
        return sum(map(len, self._clients.values()))

    def room_count(self) -> int:
        """How many rooms there are in all namespaces, besides those of each client's own."""
        return sum(map(len, self._rooms.values()))


def deliver(clients: Iterable[Client], packets: Packets, offset: Place | None = None) -> None:
    """Send a packet to clients, each on the loop of its session, from any thread."""
    here = running_loop()
    elsewhere: dict[Any, list[Client]] = {}
    for client in clients:
        loop = client.session.loop
        if loop is here or loop is None:
            client.deliver(packets, offset)
        elif loop in elsewhere:
            elsewhere[loop].append(client)
        else:
            elsewhere[loop] = [client]
    for loop, those in elsewhere.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_deliver_here, those, packets, offset)


def _deliver_here(clients: list[Client], packets: Packets, offset: Place | None) -> None:
    for client in clients:
        client.deliver(packets, offset)
