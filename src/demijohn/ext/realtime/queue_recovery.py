"""Clients that come back to any worker: what was emitted is kept in Redis, which puts it into one order for all.

Each event is added to a stream and published with its place there in one step, and every worker, also the one that
emitted it, sends it when it comes. So a subscription that was cut loses nothing either: the stream has it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from secrets import token_urlsafe
from threading import RLock
from typing import Any

import redis

from demijohn.ext.realtime.clients import Client, Packets
from demijohn.ext.realtime.queue import QueueManager
from demijohn.ext.realtime.recovery import without_offset
from demijohn.extend import call
from demijohn.ext.realtime.ports import ServerFace

__all__ = ["QueueRecovery"]

_log = logging.getLogger("demijohn.realtime")

#: A place in the stream: milliseconds, and a number within them.
Place = tuple[int, int]

_ADD = """
local now = redis.call('TIME')
local oldest = (now[1] - ARGV[3]) * 1000
local id = redis.call('XADD', KEYS[1], 'MINID', '~', string.format('%.0f', oldest), '*', 'm', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3] * 2)
redis.call('PUBLISH', ARGV[2], id .. ' ' .. ARGV[1])
return id
"""

_KEEP = """
local now = redis.call('TIME')
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local at = string.format('%.0f-0', now[1] * 1000 + math.floor(now[2] / 1000))
if last[1] then at = last[1][1] end
redis.call('SET', KEYS[1], cjson.encode({ARGV[1], at}), 'EX', ARGV[2])
"""

#: How long, and how often, a worker is asked for that has not seen yet that its client is gone.
_ASK_PAUSE, _ASK_TIMES = 0.05, 10


def place_of(text: object) -> Place | None:
    """The place that a text stands for."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    first, _, second = text.partition("-")
    if first.isascii() and first.isdigit() and second.isascii() and second.isdigit():
        return int(first), int(second)
    return None


class QueueRecovery:
    """What was emitted in the last seconds by all workers, and who may come back to it.

    :param seconds: How long.
    :param manager: The queue.
    """

    def __init__(self, seconds: float, manager: QueueManager) -> None:
        self.seconds = max(1, round(seconds))
        self.lock = RLock()
        self._manager = manager
        self._log_key = f"{manager.channel}:log"
        self._here: dict[str, Client] = {}
        #: The last event that came to this worker.
        self._last: Place | None = None
        manager.ordered = True

    def _key(self, pid: str) -> str:
        return f"{self._manager.channel}:client:{pid}"

    # Events.

    def text(self, offset: Place) -> str:
        """A place as the client is told."""
        return f"{offset[0]}-{offset[1]}"

    def keeps(self, message: str) -> bool:
        """Whether a message is kept: an event that nobody has to acknowledge."""
        return message.startswith('{"method": "emit"') and message.endswith('"call": null}')

    def publish(self, client: redis.Redis, message: str) -> None:
        """Keep a message and publish it."""
        client.eval(_ADD, 1, self._log_key, message, self._manager.channel, self.seconds)

    def split(self, raw: bytes) -> tuple[Place | None, bytes]:
        """The place of a published message, where it has one, and the message."""
        if raw[:1] == b"{":
            return None, raw
        place, _, message = raw.partition(b" ")
        return place_of(place.decode("latin-1")), message

    def is_next(self, offset: Place) -> bool:
        """Note that an event came; whether it did for the first time."""
        if self._last is not None and offset <= self._last:
            return False
        self._last = offset
        return True

    def catch_up(self, client: redis.Redis) -> None:
        """Take what was published while this worker did not listen."""
        if self._last is None:
            newest: Any = client.xrevrange(self._log_key, "+", "-", count=1)
            if newest:
                self._last = place_of(newest[0][0].decode())
            return
        missed: Any = client.xrange(self._log_key, f"({self.text(self._last)}", "+")
        for place, fields in missed:
            offset = place_of(place.decode())
            if offset is not None and self.is_next(offset):
                self._manager.take(fields[b"m"], offset)

    # Coming and going.

    async def begin(self, client: Client, auth: object, server: ServerFace) -> None:
        """A client connects: give it what it had before, where it comes back, and a private id."""
        pid = auth.get("pid") if isinstance(auth, dict) else None
        try:
            kept = await self._kept(pid, server) if isinstance(pid, str) and len(pid) < 100 else None
            if kept is not None and kept["namespace"] == client.namespace:
                offset = auth.get("offset") if isinstance(auth, dict) else None
                place = place_of(kept["at"] if offset == kept["sent"] else offset or kept["since"])
                if place is not None and await call(self._is_kept, place):
                    self._restore(client, kept, server)
                    client.pid, client.since = pid, place
                    client.sent = place_of(offset)
            if client.pid is None:
                client.since = await call(self._now)
        except redis.RedisError as e:
            _log.warning("Socket.IO: a client cannot come back, for the message queue is away: %s", e)
        if client.pid is None:
            client.pid = token_urlsafe(15)
        self._here[client.pid] = client

    async def _kept(self, pid: str, server: ServerFace) -> dict[str, Any] | None:
        """What is known of a client that comes back; whoever still has it gives it up."""
        found: dict[str, Any] | None = await call(self._take_kept, pid)
        if found is None:
            self._manager.publish("return", pid=pid)
            self.give_up(pid, server)
            for _ in range(_ASK_TIMES):
                await asyncio.sleep(_ASK_PAUSE)
                found = await call(self._take_kept, pid)
                if found is not None:
                    break
        return found

    def _take_kept(self, pid: str) -> dict[str, Any] | None:
        raw: Any = self._manager.client.getdel(self._key(pid))
        if raw is None:
            return None
        text, at = json.loads(raw)
        kept: dict[str, Any] = json.loads(text)
        return {**kept, "at": at}

    def _now(self) -> Place:
        now: Any = self._manager.client.time()
        return now[0] * 1000 + now[1] // 1000, 0

    def _is_kept(self, place: Place) -> bool:
        """Whether all since then is still there."""
        if place[0] >= self._now()[0] - self.seconds * 1000:
            return True
        newest: Any = self._manager.client.xrevrange(self._log_key, "+", "-", count=1)
        return not newest or place >= (place_of(newest[0][0].decode()) or (0, 0))

    def _restore(self, client: Client, kept: dict[str, Any], server: ServerFace) -> None:
        client.sid = kept["sid"]
        client.recovered = True
        server.manager.clients.add(client)
        for room in kept["rooms"]:
            server.manager.clients.enter(client, room)

    async def missed(self, client: Client, manager: QueueManager) -> list[Packets]:
        """What a client that comes back has not seen."""
        if not client.recovered:
            return []
        try:
            entries: Any = await call(self._since, client.since)
        except redis.RedisError as e:
            _log.warning("Socket.IO: a client that came back has missed events: %s", e)
            return []
        rooms = {client.sid, *client.rooms}
        found = []
        client.seen = client.since
        for place, fields in entries:
            message = json.loads(fields[b"m"])
            client.seen = offset = place_of(place.decode())
            room = message["room"]
            if (
                message["namespace"] == client.namespace
                and (room is None or (room in rooms if isinstance(room, str) else not rooms.isdisjoint(room)))
                and client.sid not in (message["skip"] or ())
            ):
                found.append(manager.encode([*manager.unpacked(message), place.decode()], client.namespace))
                client.sent = offset
        return found

    def _since(self, place: Place) -> Any:
        return self._manager.client.xrange(self._log_key, f"({self.text(place)}", "+")

    def keep(self, client: Client, lost: bool) -> None:
        """A client is gone; keep its place, unless it or the application wanted it so."""
        pid = client.pid
        if pid is None:
            return
        if self._here.get(pid) is client:
            del self._here[pid]
        if not lost:
            return
        kept = json.dumps(
            {
                "sid": client.sid, "namespace": client.namespace, "rooms": sorted(client.rooms),
                "since": None if client.since is None else self.text(client.since),
                "sent": None if client.sent is None else self.text(client.sent),
            }
        )  # fmt: skip
        key, seconds = self._key(pid), self.seconds
        self._manager.outbox.put(lambda queue: queue.eval(_KEEP, 2, key, self._log_key, kept, seconds))

    def give_up(self, pid: str, server: ServerFace) -> None:
        """Close a client that has come back elsewhere, so that it is kept; from any thread."""
        client = self._here.get(pid)
        if client is not None and client.session.loop is not None:
            client.session.loop.call_soon_threadsafe(client.session.close, server.reason.TRANSPORT_CLOSE)

    without_offset = staticmethod(without_offset)
