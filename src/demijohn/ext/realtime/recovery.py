"""Clients that come back: what was emitted is kept for a while, and who was where.

A client is given a private id when it connects, and each event the place where it stands, as its last argument. It
brings both along when it comes back. This module must not know other processes.
"""

from __future__ import annotations

from collections import deque
from secrets import token_urlsafe
from threading import RLock
from time import monotonic
from typing import Any

from demijohn.ext.realtime.clients import Client, Packets
from demijohn.ext.realtime.manager import Manager
from demijohn.ext.realtime.ports import Rooms, ServerFace

__all__ = ["Recovery"]


def without_offset(auth: object) -> object:
    """What a client itself said, without what its library did."""
    if not isinstance(auth, dict) or "pid" not in auth:
        return auth
    own = {name: value for name, value in auth.items() if name not in ("pid", "offset")}
    return own or None


class Kept:
    """A client that may come back."""

    __slots__ = ("at", "namespace", "rooms", "sent", "session", "sid", "since", "until")

    def __init__(self, client: Client, at: int, until: float) -> None:
        #: Where the log was when it went, and the last event that it was sent.
        self.at = at
        self.sent = client.sent
        self.sid = client.sid
        self.namespace = client.namespace
        self.rooms = tuple(client.rooms)
        self.since = client.since
        self.session = client.session.request.environ.get("saved_session")
        self.until = until


class Recovery:
    """What was emitted in the last seconds, in this process, and who may come back to it.

    :param seconds: How long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.lock = RLock()
        #: Events in their order: place, time, namespace, rooms, whom not, packets.
        self._log: deque[tuple[int, float, str, Any, Any, Packets]] = deque()
        self._kept: dict[str, Kept] = {}
        self._here: dict[str, Client] = {}
        self._last = 0
        # Places of another process, or of one that was started again, are not ours.
        self._prefix = token_urlsafe(6)

    # Emitting.

    def next(self) -> int:
        """The place of the next event."""
        self._last += 1
        return self._last

    def text(self, offset: int) -> str:
        """A place as the client is told."""
        return f"{self._prefix}{offset}"

    def add(
        self, offset: int, namespace: str, room: Rooms, skip: frozenset[str] | None, packets: Packets
    ) -> None:
        """Keep an event."""
        now = monotonic()
        log = self._log
        log.append((offset, now, namespace, room, skip, packets))
        while log and log[0][1] < now - self.seconds:
            log.popleft()

    # Coming and going.

    async def begin(self, client: Client, auth: object, server: ServerFace) -> None:
        """A client connects: give it what it had before, where it comes back, and a private id."""
        pid = auth.get("pid") if isinstance(auth, dict) else None
        offset = auth.get("offset") if isinstance(auth, dict) else None
        with self.lock:
            self._sweep()
            if isinstance(pid, str):
                before = self._here.get(pid)
                if before is not None and before.namespace == client.namespace:
                    # It has come back before anybody here saw that it was gone.
                    before.session.close(server.reason.TRANSPORT_CLOSE)
                kept = self._kept.pop(pid, None)
                if kept is not None and kept.namespace == client.namespace:
                    place = self._place_of(offset, kept)
                    if place is not None and self._has(place):
                        self._restore(client, kept, server)
                        client.pid, client.since = pid, place
                        client.sent = self._place(offset)
            if client.pid is None:
                client.pid = token_urlsafe(15)
                client.since = self._last
            self._here[client.pid] = client

    def _restore(self, client: Client, kept: Kept, server: ServerFace) -> None:
        client.sid = kept.sid
        client.recovered = True
        server.manager.clients.add(client)
        for room in kept.rooms:
            server.manager.clients.enter(client, room)
        if kept.session is not None:
            client.session.request.environ.setdefault("saved_session", kept.session)

    def _place(self, offset: object) -> int | None:
        if isinstance(offset, str) and offset.startswith(self._prefix):
            number = offset[len(self._prefix) :]
            if number.isascii() and number.isdigit() and len(number) < 20:
                return int(number)
        return None

    def _place_of(self, offset: object, kept: Kept) -> int | None:
        """From where on a client has missed something."""
        place: int | None = None if offset is None else self._place(offset)
        if place == kept.sent and (offset is None) == (place is None):
            return kept.at  # it had all that there was for it when it went
        return kept.since if offset is None else place

    def _has(self, place: int) -> bool:
        """Whether all since then is still there."""
        if place > self._last:
            return False
        return place == self._last or (bool(self._log) and self._log[0][0] <= place + 1)

    async def missed(self, client: Client, manager: Manager) -> list[Packets]:
        """What a client that comes back has not seen; from here on, it sees all that is emitted."""
        if not client.recovered:
            return []
        with self.lock:
            rooms = {client.sid, *client.rooms}
            found = []
            for offset, _, namespace, room, skip, packets in self._log:
                if (
                    offset > client.since
                    and namespace == client.namespace
                    and (
                        room is None
                        or (room in rooms if isinstance(room, str) else not rooms.isdisjoint(room))
                    )
                    and not (skip and client.sid in skip)
                ):
                    found.append(packets)
                    client.sent = offset
            client.seen = self._last
            return found

    def keep(self, client: Client, lost: bool) -> None:
        """A client is gone; keep its place, unless it or the application wanted it so."""
        with self.lock:
            pid = client.pid
            if pid is None:
                return
            if self._here.get(pid) is client:
                del self._here[pid]
            if lost:
                self._kept[pid] = Kept(client, self._last, monotonic() + self.seconds)
            self._sweep()

    def _sweep(self) -> None:
        now = monotonic()
        for pid, kept in tuple(self._kept.items()):
            if kept.until > now:
                break  # they are in their order
            del self._kept[pid]

    without_offset = staticmethod(without_offset)
