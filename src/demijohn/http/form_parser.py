"""A multipart form (RFC 7578) cut into its parts while its bytes come: events out, no I/O, nothing copied twice.

    parser = MultipartParser(b"boundary")
    for chunk in chunks:
        for event in parser.feed(chunk):
            ...     # a FormPart begins a part, bytes are its content, None is its end
    parser.finish()

Lines end in CRLF; where the first boundary's ends in LF or CR alone, all do. What stands before the first boundary
and behind the last one is passed over. This module must not know where the bytes come from nor where they go.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from werkzeug.exceptions import RequestEntityTooLarge

from demijohn.http.filled import Filled
from demijohn.http.form_part import (
    DEFAULT_LIMITS, FormPart, InvalidMultipart, MultipartLimits, check_boundary, read_head, usual_head,
)  # fmt: skip

__all__ = ["Event", "MultipartParser"]

#: A part begins; a piece of its content; its end.
Event: TypeAlias = FormPart | bytes | None

_PREAMBLE, _HEAD, _BODY, _BEHIND, _END = range(5)

# What follows a boundary: the end of the form, or padding and a line end (RFC 2046, section 5.1.1).
_after = re.compile(rb"--|[ \t\v\f]*(\r\n|\n|\r(?!\Z))")
# What may become that with more bytes.
_unfinished = re.compile(rb"-?\Z|[ \t\v\f]*\r?\Z")
_blank_line = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class MultipartParser:
    """Takes a body chunk by chunk.

    :param boundary: The boundary parameter of the Content-Type.
    :param limits: What is accepted. How large a field may be is for those who keep it.
    :raises InvalidMultipart: when the boundary is missing or too long.
    """

    __slots__ = (
        "_delimiter", "_files", "_first", "_held", "_lead", "_limits", "_line", "_open", "_parts", "_passed",
        "_state",
    )  # fmt: skip

    def __init__(self, boundary: bytes, limits: MultipartLimits = DEFAULT_LIMITS) -> None:
        check_boundary(boundary)
        self._first = b"--" + boundary
        self._line = b"\r\n"
        self._delimiter = b"\r\n--" + boundary
        self._limits = limits
        self._state = _PREAMBLE
        #: What can be told only with the next chunk: the start of a boundary, a head.
        self._held = b""
        #: How much of that, or of the boundary just found, is the line end of a head, which the two may share.
        self._lead = 0
        #: Whether a part has begun and not ended.
        self._open = False
        self._parts = self._files = self._passed = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """What the next bytes of the body hold.

        :raises InvalidMultipart: when the body is malformed (400).
        :raises RequestEntityTooLarge: when a limit is passed (413).
        """
        events: list[Event] = []
        if self._state == _END:
            return events  # an epilogue means nothing, and is not kept
        buffer = self._held + chunk if self._held else chunk
        self._held = b""
        if self._state == _PREAMBLE:
            buffer = self._pass_preamble(buffer)
            if not buffer or self._state == _END:
                return events
        # PERF: cut at all boundaries at once, a fifth of looking for each; without one it is the chunk itself.
        pieces = buffer.split(self._delimiter)
        last = pieces.pop()
        for piece in pieces:
            self._take(piece, True, events)
            if self._state == _END:
                return events
            self._state = _BEHIND
        self._take(last, False, events)
        return events

    def finish(self) -> None:
        """Say that all of the body was fed.

        :raises InvalidMultipart: when the closing boundary is missing.
        """
        if self._state != _END:
            raise InvalidMultipart("The multipart body is malformed or ends before its closing boundary.")

    def _pass_preamble(self, buffer: bytes) -> bytes:
        """What comes behind the first boundary, or nothing when there is none yet."""
        first = self._first
        found = buffer.find(first)
        while found >= 0:
            after = _after.match(buffer, found + len(first))
            if after is not None:
                self._line = after[1] or self._line
                self._delimiter = self._line + first
                self._state = _HEAD if after[1] else _END
                return buffer[after.end() - len(self._line) :]
            if _unfinished.match(buffer, found + len(first)):
                break
            found = buffer.find(first, found + 1)
        kept = max(0, len(buffer) - len(first)) if found < 0 else found
        self._passed += kept
        if max(self._passed, len(buffer) - kept) > self._limits.header_size:
            raise RequestEntityTooLarge(
                Filled(
                    "The form has more than %(limit)s bytes where its first boundary should be.",
                    limit=self._limits.header_size,
                )
            )
        self._held = buffer[kept:]
        return b""

    def _take(self, piece: bytes, complete: bool, events: list[Event]) -> None:
        """Read what stands between two boundaries; what is incomplete may go on with the next chunk."""
        state, start = self._state, 0
        if state == _BEHIND:
            if not piece.startswith(self._line):
                after = _after.match(piece)
                if after is not None and after[1] in (None, self._line):
                    start = after.end() - len(self._line) if after[1] else 0
                elif _unfinished.match(piece):
                    if complete:
                        raise InvalidMultipart(
                            "Two boundaries of the form follow each other, without a part."
                        )
                    self._limits.check_header(len(piece))
                    self._held, self._state = self._delimiter + piece, _BODY
                    return
                else:  # it only looked like a boundary
                    events.append(self._delimiter[self._lead :])
                    self._take_content(piece, 0, complete, events)
                    return
                if after[1] is None:
                    self._state = _END
            if self._open:
                events.append(None)
                self._open = False
            if self._state == _END:
                return
            state = self._state = _HEAD
        if state == _BODY:
            self._take_content(piece, self._lead, complete, events)
            return
        behind = self._read_head(piece, start, complete, events)
        if behind:
            line = len(self._line)
            if not complete:
                self._take_content(piece[behind - line :], line, False, events)
                return
            if behind < len(piece):
                events.append(piece[behind:])

    def _read_head(self, piece: bytes, start: int, complete: bool, events: list[Event]) -> int:
        """Begin a part, whose head follows a line end, and return where its content begins; 0 while that is unknown."""
        usual = usual_head.match(piece, start)
        part = None
        self._lead = 0
        line = len(self._line)
        if usual is not None:
            behind = usual.end()
            part = FormPart.usual(*usual.groups())
        else:
            blank = _blank_line.search(piece, start + line)
            if blank is not None:
                behind = blank.end()
            elif complete:
                behind, self._lead = len(piece), line
            else:
                self._limits.check_header(len(piece) - start - 5)
                self._held = piece[start:]
                return 0
        self._limits.check_header(behind - start - 3 * line)
        if part is None:
            part = read_head(piece[start:behind])
        self._parts += 1
        self._limits.check_parts(self._parts)
        if part.filename is not None:
            self._files += 1
            self._limits.check_files(self._files)
        events.append(part)
        self._open = True
        return behind

    def _take_content(self, data: bytes, lead: int, complete: bool, events: list[Event]) -> None:
        """Hand on content; of what is incomplete, all but what may be the start of a boundary.

        PERF: mostly all of it, so that a chunk is handed on as it came.
        """
        self._state = _BODY
        end = len(data)
        if complete:
            self._lead = max(0, lead - end)
        else:
            delimiter = self._delimiter
            start = data.rfind(delimiter[:1], max(0, end - len(delimiter) + 1))
            if start >= 0 and delimiter.startswith(data[start:]):
                self._held = data[start:]
                self._lead = max(0, lead - start)
                end = start
            else:
                self._lead = 0
        if end > lead:
            events.append(data[lead:end] if lead or end < len(data) else data)
