"""The body of an event stream whose events are made by sync code: events of any kind as bytes.

This module must not know what a request is, nor import asyncio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from demijohn import json
from demijohn.events.message import Lagged, Message, text_of
from demijohn.http.sse import ServerSentEvent

__all__ = ["Endings", "encode", "stream_sync"]


class Endings(Protocol):
    """Where what has to end is known: the serving state of an application."""

    stopping: bool
    #: Called from any thread when the process is told to stop.
    endings: set[Callable[[], None]]

    def watch(self) -> None:
        """Hear of the end from a server that does not tell of it."""


def encode(event: Any) -> bytes:
    """An event of whatever kind.

    :raises TypeError: for what is no JSON.
    :raises ValueError: for bytes that are not UTF-8.
    """
    if isinstance(event, Message):
        return event.record.event()
    if isinstance(event, ServerSentEvent):
        return event.encode()
    if isinstance(event, (bytes, bytearray)):
        return ServerSentEvent(text_of(bytes(event))).encode()
    return ServerSentEvent(event if isinstance(event, str) else json.dumps(event)).encode()


def stream_sync(events: Iterable[Any], retry: int | None, endings: Endings, ends: bool) -> Iterator[bytes]:
    """The body of a stream whose events are made by sync code, without signs of life: for a thread."""
    endings.watch()
    if retry is not None:
        yield ServerSentEvent(retry=retry).encode()
    try:
        for event in events:
            yield encode(event)
            if ends and endings.stopping:
                return
    except Lagged:
        return
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
