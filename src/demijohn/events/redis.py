"""A broadcast through Redis or Valkey: a stream that all processes write to, and that each reads in one thread.

The ids of its entries are numbers without gaps, so that a reader knows what it has missed, and the same in all
processes. This module must not know who listens.
"""

from __future__ import annotations

import os
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from demijohn.events.hub import LocalHub
from demijohn.events.message import NOWHERE, BroadcastUnavailable, Id, Record, parse_id
from demijohn.later import later, needs
from demijohn.waiting.drivers import running_loop
from demijohn.waiting.either import EitherWay

if TYPE_CHECKING:
    import logging
else:
    logging = later("logging")  # a third of a millisecond, for what is told only when Redis is gone

__all__ = ["RedisLine"]

#: Seconds that a message may take to be published.
_IN_TIME = 1.0
#: Seconds that a connection, and then an answer, may take: together less than that.
_CONNECT, _ANSWER = 0.4, 0.5
#: Seconds that a read waits for new entries, and how many it takes.
_BLOCK, _COUNT = 1.0, 500
#: Seconds between two attempts to reach it.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
#: Entries that are kept for readers on their way, where the history is shorter.
_IN_TRANSIT = 1000

#: Adds an entry with the next number, or with the first of a new time where there is none. KEYS: the stream; ARGV:
#: how many entries to keep, channel, kind, data.
_PUBLISH = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local id
if #last == 0 then
    local now = redis.call('TIME')
    id = now[1] .. string.format('%03d', math.floor(now[2] / 1000)) .. '-1'
else
    local epoch, number = string.match(last[1][1], '(%d+)%-(%d+)')
    id = epoch .. '-' .. string.format('%.0f', tonumber(number) + 1)
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], id, 'c', ARGV[2], 'k', ARGV[3], 'd', ARGV[4])
return id
"""


class RedisLine:
    """The way of a broadcast's messages through Redis.

    :param url: Of Redis or Valkey.
    :param name: What the broadcast is called there.
    :param hub: Gets what arrives.
    """

    def __init__(self, url: str, name: str, hub: LocalHub) -> None:
        self._url = "redis" + url.removeprefix("valkey") if url.startswith("valkey") else url
        self._key = f"demijohn:{name}"
        self._keep = max(hub.history, _IN_TRANSIT)
        self._hub = hub
        self._lock = Lock()
        self._closed = False
        self._pid = 0
        self._begin()

    def _begin(self) -> None:
        """Begin in this process, with no connection and no thread."""
        self._pid = os.getpid()
        self._client: Any = None
        self._script: Any = None
        self._reader: Thread | None = None
        #: Set once Redis was reached, or not, for the first time.
        self._tried = Event()
        self._queue: SimpleQueue[Any] | None = None
        self._published = NOWHERE

    def _look_where(self) -> None:
        if self._pid != os.getpid():  # what was begun before a fork belongs to the parent
            self._begin()

    # Publishing.

    def publish(self, channel: str, kind: str, raw: str | bytes) -> EitherWay[str]:
        """Publish a message: at once in sync code, in the order of the calls on an event loop.

        :raises BroadcastUnavailable: when it cannot be; on an event loop, when the result is awaited.
        """
        self._look_where()
        loop = running_loop()
        if loop is None:
            return EitherWay(self._send(channel, kind, raw))
        future = loop.create_future()
        self._sender().put((future, monotonic() + _IN_TIME, channel, kind, raw))
        return EitherWay(future=future)

    def _send(self, channel: str, kind: str, raw: str | bytes) -> str:
        with self._lock:
            if self._script is None:
                self._client = connect(self._url, _ANSWER)
                self._script = self._client.register_script(_PUBLISH)
        import redis  # a client was made, so it is there

        try:
            reply: bytes = self._script(keys=[self._key], args=[self._keep, channel, kind, raw])
        except (redis.RedisError, OSError) as e:
            raise BroadcastUnavailable(f"The message on {channel!r} was not published: Redis: {e}") from e
        text = reply.decode()
        self._published = max(self._published, parse_id(text) or NOWHERE)
        return text

    def _sender(self) -> SimpleQueue[Any]:
        with self._lock:
            queue = self._queue
            if queue is None:
                queue = self._queue = SimpleQueue()
                Thread(
                    target=self._send_all, args=(queue,), name="demijohn-broadcast-out", daemon=True
                ).start()
        return queue

    def _send_all(self, queue: SimpleQueue[Any]) -> None:
        """In a thread of its own: publish what code on event loops wants published, in order.

        Behind one that failed, what has waited for its time fails as well; while Redis answers, everything goes out,
        however much there is.
        """
        gone = False
        while True:
            job = queue.get()
            if job is None:
                return
            future, until, *message = job
            result: str | BroadcastUnavailable
            try:
                if gone and monotonic() > until:
                    raise BroadcastUnavailable(
                        f"The message on {message[0]!r} was not published: Redis did not answer for those"
                        " before it."
                    )
                result = self._send(*message)
                gone = False
            except BroadcastUnavailable as e:
                result, gone = e, True
            except Exception as e:
                result = BroadcastUnavailable(f"The message on {message[0]!r} was not published: {e}")
            try:
                future.get_loop().call_soon_threadsafe(_settle, future, result)
            except RuntimeError:  # the loop is closed: nobody waits any more
                pass
            del job, future, message, result

    # Reading.

    def listen(self) -> Id:
        """Have what is published read from now on; the last message that this process has published."""
        self._look_where()
        with self._lock:
            if self._reader is None:
                self._hub.behind = True
                self._reader = Thread(target=self._read_all, name="demijohn-broadcast-in", daemon=True)
                self._reader.start()
        self._tried.wait(_IN_TIME)
        return self._published

    def close(self) -> None:
        """End the threads, and let go of the connections."""
        self._closed = True
        if self._queue is not None:
            self._queue.put(None)
            self._queue = None
        if self._client is not None:
            self._client.close()

    def _read_all(self) -> None:
        """In a thread of its own: read what is published, and begin again whenever Redis was gone."""
        client = connect(self._url, _BLOCK + _IN_TIME)
        import redis  # a client was made, so it is there

        pause = _FIRST_PAUSE
        told = False
        began = False
        while not self._closed:
            try:
                self._find_place(client, began)
                began = True
                self._tried.set()
                if told:
                    logging.getLogger("demijohn").info("Broadcast: Redis is back, and subscriptions go on.")
                pause, told = _FIRST_PAUSE, False
                while not self._closed:
                    self._read(client)
            except (redis.RedisError, OSError) as e:
                self._tried.set()
                if not told and not self._closed:
                    told = True
                    logging.getLogger("demijohn").warning(
                        "Broadcast: Redis cannot be reached, and subscriptions wait for it: %s", e
                    )
                Event().wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        client.close()

    def _find_place(self, client: Any, began: bool) -> None:
        """Begin behind the last entry, or go on, unless the stream has begun anew."""
        waiting = self._hub.waiting()
        count = 1 if began else max(self._hub.history, 1)
        entries = client.xrevrange(self._key, count=count)
        last = _place(entries[0][0]) if entries else NOWHERE
        if not began:
            kept = [_record(entry) for entry in reversed(entries)] if self._hub.history else []
            self._hub.begin_at(kept, last)
            self._hub.settle(waiting)
        elif entries and last < self._hub.last:
            self._published = NOWHERE
            self._hub.restart()

    def _read(self, client: Any) -> None:
        """Wait for entries, and hand them on."""
        after, waiting = self._hub.last, self._hub.waiting()
        reply = client.xread({self._key: str(after)}, count=_COUNT, block=int(_BLOCK * 1000))
        entries = reply[0][1] if reply else ()
        for entry in entries:
            self._hub.give(_record(entry))
        if len(entries) < _COUNT:
            self._hub.settle(waiting)
        if not entries:
            self._find_place(client, True)


def _place(text: bytes) -> Id:
    epoch, _, number = text.partition(b"-")
    return Id(int(epoch), int(number))


def _record(entry: tuple[bytes, dict[bytes, bytes]]) -> Record:
    place, fields = entry
    kind, data = fields[b"k"].decode(), fields[b"d"]
    return Record(fields[b"c"].decode(), kind, data if kind == "bytes" else data.decode(), _place(place))


def _settle(future: Any, result: str | BroadcastUnavailable) -> None:
    if future.done():
        return
    if isinstance(result, BroadcastUnavailable):
        future.set_exception(result)
    else:
        future.set_result(result)


def connect(url: str, timeout: float) -> Any:
    """A client that tries once, and does not wait longer than that for an answer.

    :raises ModuleNotFoundError: without redis-py.
    """
    with needs("redis"):
        # Imported here: an optional requirement, and heavy.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    return redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=_CONNECT, retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False, protocol=2,
    )  # fmt: skip
