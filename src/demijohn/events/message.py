"""What is published: a record, shared by all who get it, and each one's message.

This module must not know who gets it, nor by what way.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from demijohn import json
from demijohn.http.sse import ServerSentEvent

__all__ = ["BroadcastUnavailable", "Id", "Lagged", "Message", "Record", "pack", "parse_id"]

_id = re.compile(r"([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


class BroadcastUnavailable(Exception):
    """A message could not be published: Redis cannot be reached, or did not answer in time."""


class Lagged(Exception):
    """A subscription was closed, because it was full: what listens takes messages slower than they come.

    Nothing is lost in silence: what waited was given first, and ``after`` of a new subscription goes on from there.
    A WebSocket's handler that lets it pass closes with 1013, an event stream ends.
    """


class Id(NamedTuple):
    """The place of a message: when its broadcast began, in milliseconds, and its number since then."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"


#: Before everything.
NOWHERE = Id(0, 0)


def parse_id(text: str) -> Id | None:
    """The place that an id stands for; None for what is none of ours."""
    found = _id.fullmatch(text)
    return None if found is None else Id(int(found[1]), int(found[2]))


def pack(data: Any) -> tuple[str, str | bytes]:
    """The kind of what is published, and its text or bytes.

    :raises TypeError: for what is neither text, bytes nor JSON.
    """
    if isinstance(data, str):
        return "text", data
    if isinstance(data, (bytes, bytearray, memoryview)):
        return "bytes", bytes(data)
    return "json", json.dumps(data)


class Record:
    """What was published, once for all who get it.

    :param kind: "text", "bytes" or "json".
    :param raw: Text, for JSON too, or bytes.
    :param place: Its id.
    """

    __slots__ = ("_event", "channel", "kind", "place", "raw")

    def __init__(self, channel: str, kind: str, raw: str | bytes, place: Id) -> None:
        self.channel = channel
        self.kind = kind
        self.raw = raw
        self.place = place
        self._event: bytes | None = None

    def event(self) -> bytes:
        """The event of a stream, made once for all of them.

        :raises ValueError: for bytes that are not UTF-8, which no event can hold.
        """
        event = self._event
        if event is None:
            raw = self.raw
            text = raw if isinstance(raw, str) else text_of(raw)
            event = self._event = ServerSentEvent(text, id=str(self.place)).encode()
        return event


def text_of(data: bytes) -> str:
    """Bytes as the text of an event.

    :raises ValueError: when they are not UTF-8.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError(
            "Server-sent events are text, and these bytes are not UTF-8: encode them, for instance as base64."
        ) from None


class Message:
    """What a subscription gives: ``channel``, ``data`` and ``id``.

    ``data`` is the text, the bytes or the JSON value that was published; a value is read anew by each who asks for it,
    so that what one changes no other sees.
    """

    __slots__ = ("_data", "_read", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self._read = False
        self._data: Any = None

    @property
    def channel(self) -> str:
        """The channel it was published on."""
        return self.record.channel

    @property
    def id(self) -> str:
        """Its id: ``subscribe(..., after=id)`` goes on behind it."""
        return str(self.record.place)

    @property
    def data(self) -> Any:
        """What was published."""
        if not self._read:
            record = self.record
            self._data = json.loads(record.raw) if record.kind == "json" else record.raw
            self._read = True
        return self._data

    def __repr__(self) -> str:
        return f"<Message {self.id} on {self.channel!r}: {self.record.raw!r}>"
