"""Several workers, and processes beside them, through Redis or Valkey: JSON in both directions, nothing else.

What is emitted is published, and each worker sends it to its own clients. Publishing and subscribing have a thread
each, which begin when they are needed; a subscription that is cut is taken up again. This module must not know how
clients come back (``queue_recovery``).
"""

from __future__ import annotations

import json
import logging
import os
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable
from secrets import token_hex
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, ClassVar

import redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.retry import Retry

from demijohn.ext.realtime.clients import Client, deliver
from demijohn.ext.realtime.manager import Manager, as_list, as_set
from demijohn.ext.realtime.outbox import Outbox
from demijohn.ext.realtime.packets import EVENT, encode
from demijohn.ext.realtime.ports import Place, Rooms

__all__ = ["QueueManager"]

_log = logging.getLogger("demijohn.realtime")

#: Seconds: to connect, of silence before the subscription is tried, and between tries to take it up.
CONNECT_TIMEOUT = 1.0
_SILENCE = 1.0
_PAUSES = (0.05, 0.1, 0.2, 0.5)

#: Most calls to other workers' clients that are waited for.
_MOST_CALLS = 10_000


def connect(url: str) -> redis.Redis:
    """A client of a Redis or Valkey, which raises what goes wrong at once.

    :raises ValueError: for a URL that is none.
    """
    scheme, _, rest = url.partition("://")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    if scheme not in ("redis", "rediss", "unix"):
        raise ValueError(
            f"message_queue is the URL of a Redis or Valkey (redis://host:6379/0), not {scheme}://."
        )
    client: redis.Redis = redis.Redis.from_url(
        f"{scheme}://{rest}", socket_connect_timeout=CONNECT_TIMEOUT, socket_timeout=5,
        socket_keepalive=True, retry=Retry(NoBackoff(), 0),
    )  # fmt: skip
    return client


class QueueManager(Manager):
    """The clients of this worker, and a queue to the other ones.

    :param url: Of a Redis or Valkey.
    :param channel: The channel of all who belong together.
    :param write_only: Only emit: for processes that are no server.
    """

    def __init__(self, url: str, channel: str = "flask-socketio", write_only: bool = False) -> None:
        super().__init__()
        self.url = url
        self.channel = channel
        self.write_only = write_only
        self.host = token_hex(8)
        self.client = connect(url)
        self.outbox = Outbox(self.client)
        #: Whether what this process emits comes back to it by the queue, in an order that is everybody's.
        self.ordered = False
        self._calls: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._last_call = 0
        self._lock = Lock()
        self._stopped = Event()
        self._listening = False
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self.host = token_hex(8)
        self._lock, self._stopped, self._listening = Lock(), Event(), False

    # Out.

    def publish(self, method: str, **what: Any) -> None:
        """Tell the others, in order. A process that is no server waits until it is told.

        :raises redis.RedisError: from such a process, where the queue cannot be reached.
        """
        message = json.dumps({"method": method, "host": self.host, **what})
        if self.write_only:
            self._publish(self.client, message)
        else:
            self.outbox.put(lambda client: self._publish(client, message))

    def _publish(self, client: redis.Redis, message: str) -> None:
        recovery = self.recovery
        if recovery is not None and recovery.keeps(message):
            recovery.publish(client, message)
        else:
            client.publish(self.channel, message)

    def emit(
        self, event: str, data: object, namespace: str, room: Rooms = None, skip_sid: Rooms = None,
        callback: Callable[..., Any] | None = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """Send an event to clients of all workers.

        :raises TypeError: for what JSON cannot hold.
        """
        values, skip = [event, *as_list(data)], as_set(skip_sid)
        if ignore_queue:
            self.emit_here(values, namespace, room, skip, callback)
            return
        text, attachments = self._packed(values)
        number = None
        if callback is not None:
            if self.write_only:
                raise RuntimeError("A process that only emits hears no acknowledgement: give no callback.")
            if isinstance(room, str) and self.clients.get(namespace, room) is not None:
                self.emit_here(values, namespace, room, skip, callback)
                return
            number = self._expect(callback)
        if not self.write_only and (callback is not None or not self.ordered):
            self.emit_here(values, namespace, room, skip, callback)
        self.publish(
            "emit", data=text, attachments=attachments, namespace=namespace, room=room,
            skip=sorted(skip) if skip else None, call=number,
        )  # fmt: skip

    def emit_here(
        self, values: list[Any], namespace: str, room: Rooms, skip: frozenset[str] | None,
        callback: Callable[..., Any] | None, offset: Place | None = None,
    ) -> None:  # fmt: skip
        """Send an event to clients of this worker."""
        if callback is not None:
            super().emit_here(values, namespace, room, skip, callback)
            return
        if offset is not None:
            values = [*values, self.recovery.text(offset)]
        packets = self.encode(values, namespace)
        deliver(self.clients.select(namespace, room, skip), packets, offset)

    def _packed(self, values: list[Any]) -> tuple[str, list[str]]:
        """The values as JSON, and the bytes that they had."""
        cls = self.server.packet_class
        attachments: list[bytes] = []
        encode(cls, EVENT, values)  # what a client cannot be sent is an error here
        if cls.data_is_binary(values):
            values, attachments = cls.deconstruct_binary(values)
        return cls.json.dumps(values), [b64encode(data).decode() for data in attachments]

    def unpacked(self, message: dict[str, Any]) -> list[Any]:
        """The values of a message."""
        cls = self.server.packet_class
        values: list[Any] = cls.json.loads(message["data"])
        if message["attachments"]:
            values = cls.reconstruct_binary(values, [b64decode(data) for data in message["attachments"]])
        return values

    def _expect(self, callback: Callable[..., Any]) -> int:
        with self._lock:
            self._last_call += 1
            self._calls[self._last_call] = callback
            if len(self._calls) > _MOST_CALLS:
                self._calls.popitem(last=False)
            return self._last_call

    # Rooms and ends of clients that others have.

    def enter_room(self, sid: str, namespace: str, room: str) -> None:
        """Let a client into a room, wherever it is connected."""
        if self.clients.get(namespace, sid) is None:
            self.publish("enter_room", sid=sid, namespace=namespace, room=room)
        else:
            super().enter_room(sid, namespace, room)

    def leave_room(self, sid: str, namespace: str, room: str) -> None:
        """Let a client out of a room."""
        if self.clients.get(namespace, sid) is None:
            self.publish("leave_room", sid=sid, namespace=namespace, room=room)
        else:
            super().leave_room(sid, namespace, room)

    def close_room(self, room: str, namespace: str) -> None:
        """Let everybody out of a room."""
        super().close_room(room, namespace)
        self.publish("close_room", namespace=namespace, room=room)

    def disconnect(self, sid: str, namespace: str) -> None:
        """Disconnect a client, wherever it is connected."""
        if self.clients.get(namespace, sid) is None:
            self.publish("disconnect", sid=sid, namespace=namespace)
        else:
            super().disconnect(sid, namespace)

    # In.

    def initialize(self) -> None:
        """Begin to listen."""
        with self._lock:
            if self.write_only or self._listening:
                return
            self._listening = True
        ready = Event()
        Thread(target=self._listen, args=(ready,), name="demijohn-realtime-queue", daemon=True).start()
        ready.wait(CONNECT_TIMEOUT)

    def stop(self) -> None:
        """Stop listening and publishing."""
        self._stopped.set()
        self.outbox.stop()

    def _listen(self, ready: Event) -> None:
        stopped, failures = self._stopped, 0
        while not stopped.is_set():
            pubsub: PubSub = self.client.pubsub()  # type: ignore[no-untyped-call]
            try:
                pubsub.subscribe(self.channel)
                self._take_up()
                ready.set()
                if failures:
                    _log.info("Socket.IO: the message queue is subscribed to again")
                failures = 0
                self._hear(pubsub, stopped)
            except Exception as e:
                if stopped.is_set():
                    return
                if not failures:
                    _log.warning(
                        "Socket.IO: the message queue was lost, and is tried again until it is there: %s", e
                    )
                stopped.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
            finally:
                pubsub.close()

    def _take_up(self) -> None:
        """What was published while nobody listened is fetched, where it is kept."""
        if self.recovery is not None:
            self.recovery.catch_up(self.client)

    def _hear(self, pubsub: PubSub, stopped: Event) -> None:
        heard, asked = monotonic(), False
        while not stopped.is_set():
            message = pubsub.get_message(timeout=_SILENCE)
            if message is None:
                if asked and monotonic() - heard > 3 * _SILENCE:
                    raise redis.ConnectionError("it does not answer any more")
                pubsub.ping()
                asked = True
                continue
            heard, asked = monotonic(), False
            if message["type"] == "message":
                data: Any = message["data"]
                self.take(data)

    def take(self, raw: bytes, offset: Place | None = None) -> None:
        """Do what another process says; what cannot be read is passed over, with a line in the log."""
        try:
            if self.recovery is not None and offset is None:
                offset, raw = self.recovery.split(raw)
                if offset is not None and not self.recovery.is_next(offset):
                    return
            message = json.loads(raw)
            do = self._METHODS[message["method"]]
            if message["host"] != self.host or offset is not None:
                do(self, message, offset)
        except Exception as e:
            _log.warning(
                "Socket.IO: something on the message queue cannot be read: %s: %s", type(e).__name__, e
            )

    def _on_emit(self, message: dict[str, Any], offset: Place | None) -> None:
        skip = message["skip"]
        callback = None
        if message["call"] is not None:
            callback = self._answering(message["host"], message["call"])
        self.emit_here(
            self.unpacked(message), message["namespace"], message["room"], frozenset(skip) if skip else None,
            callback, offset,
        )  # fmt: skip

    def _answering(self, host: str, number: int) -> Callable[..., None]:
        def answer(*values: Any) -> None:
            text, attachments = self._packed(list(values))
            self.publish("answer", to=host, call=number, data=text, attachments=attachments)

        return answer

    def _on_answer(self, message: dict[str, Any], offset: Place | None) -> None:
        if message["to"] != self.host:
            return
        callback = self._calls.pop(message["call"], None)
        if callback is not None:
            self.server.answered(callback, self.unpacked(message))

    def _on_enter_room(self, message: dict[str, Any], offset: Place | None) -> None:
        client = self._mine(message)
        if client is not None:
            self.clients.enter(client, message["room"])

    def _on_leave_room(self, message: dict[str, Any], offset: Place | None) -> None:
        client = self._mine(message)
        if client is not None:
            self.clients.leave(client, message["room"])

    def _on_close_room(self, message: dict[str, Any], offset: Place | None) -> None:
        self.clients.close(message["namespace"], message["room"])

    def _on_disconnect(self, message: dict[str, Any], offset: Place | None) -> None:
        client = self._mine(message)
        if client is not None:
            self.server.end(client)

    def _on_return(self, message: dict[str, Any], offset: Place | None) -> None:
        self.recovery.give_up(message["pid"], self.server)

    def _mine(self, message: dict[str, Any]) -> Client | None:
        return self.clients.get(message["namespace"], message["sid"])

    _METHODS: ClassVar[dict[str, Callable[..., None]]] = {
        "emit": _on_emit, "answer": _on_answer, "enter_room": _on_enter_room, "leave_room": _on_leave_room,
        "close_room": _on_close_room, "disconnect": _on_disconnect, "return": _on_return,
    }  # fmt: skip
