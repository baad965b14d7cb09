"""One event of a server-sent event stream (the HTML standard, section 9.2).

    yield ServerSentEvent("hello", event="greeting", id="7").encode()

This module must not know how streams are sent.
"""

from __future__ import annotations

import re

_line_end = re.compile(r"\r\n|\r|\n")
_unsafe = re.compile(r"[\r\n\0]")

#: The media type of a stream of events.
MEDIA_TYPE = "text/event-stream"


class ServerSentEvent:
    """What one event says; ``encode`` gives its bytes.

    :param data: The text, of any number of lines; None for an event that only carries a
        comment, an id or a retry time.
    :param event: Its type; ``message`` if absent.
    :param id: What a client that reconnects sends as Last-Event-ID.
    :param retry: Milliseconds a client waits before it reconnects.
    :param comment: Text that clients ignore, such as a sign of life.
    :raises ValueError: when ``event`` or ``id`` holds CR, LF or NUL, or ``retry`` is not a whole number
        of at least 0.
    """

    __slots__ = ("comment", "data", "event", "id", "retry")

    def __init__(
        self,
        data: str | None = None,
        event: str | None = None,
        id: str | int | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        self.data = data
        self.event = None if event is None else _one_line("event", event)
        self.id = None if id is None else _one_line("id", str(id))
        if retry is not None and (type(retry) is not int or retry < 0):
            raise ValueError(f"retry must be a whole number of milliseconds, at least 0, not {retry!r}.")
        self.retry = retry
        self.comment = comment

    def encode(self) -> bytes:
        """The event as UTF-8, with the blank line that ends it."""
        lines: list[str] = []
        if self.comment is not None:
            lines += [f": {line}" for line in _line_end.split(self.comment)]
        if self.event is not None:
            lines.append(f"event: {self.event}")
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        if self.data is not None:
            lines += [f"data: {line}" for line in _line_end.split(self.data)]
        return ("\n".join(lines) + "\n\n").encode()


def _one_line(field: str, value: str) -> str:
    if _unsafe.search(value):
        raise ValueError(f"{field} of a server-sent event is {value!r}: it must not hold CR, LF or NUL.")
    return value
