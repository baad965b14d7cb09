"""The parts of a multipart form as they arrive: read, written away or passed over one after the other.

What :meth:`Request.parts` returns, on a route registered with ``stream=True``::

    for part in request.parts():            # async for, in async def
        if part.filename is None:
            title = part.text()             # await part.atext()
        else:
            part.save(folder / "film.bin")  # await part.asave(...)

Nothing is read before it is asked for, and no more than a chunk is in memory. This module must not know where
files belong nor what they may hold.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import IO, Any, Protocol

from demijohn.errors import InsufficientStorage
from demijohn.http.form_parser import Event, MultipartParser
from demijohn.http.form_part import FormPart, MultipartLimits
from demijohn.http.headers import Headers
from demijohn.waiting.drivers import running_loop

__all__ = ["FormParts", "Part"]

#: Most of a body that is in memory at a time.
_CHUNK = 256 * 1024
#: What is gathered for one write in a thread.
_BATCH = 512 * 1024
#: Stands behind the last event.
_OVER: Any = object()


class Stream(Protocol):
    """A body that threads and async code can read."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, ``b""`` at the end."""
        ...

    async def aread(self, size: int, /) -> bytes:
        """The same, awaited."""
        ...


class Part:
    """One part of a form, to be read while it is the current one.

    :param head: What its headers say.
    :param parts: Where it comes from.
    """

    def __init__(self, head: FormPart, parts: FormParts) -> None:
        #: The name of the form's field.
        self.name = head.name
        #: What the client calls the file, or None for a field that is none. Never trust it.
        self.filename = head.filename
        #: What the client says it is, or None.
        self.content_type = head.content_type
        #: The header fields of the part.
        self.headers = Headers.over(head.headers)
        self._charset = head.charset
        self._parts = parts
        self._kept = b""

    def __repr__(self) -> str:
        file = "" if self.filename is None else f" {self.filename!r}"
        return f"<{type(self).__name__} {self.name!r}{file}>"

    # In sync code.

    def __iter__(self) -> Iterator[bytes]:
        """What is left of it, piece by piece."""
        if self._kept:
            yield self._take(-1)
        while piece := self._parts.next_piece(self):
            yield piece

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, all of the rest by default; ``b""`` at the end.

        :raises ClientDisconnected: when the body ends early (400).
        """
        if size < 0:
            return b"".join(self)
        if size and not self._kept:
            self._kept = self._parts.next_piece(self)
        return self._take(size)

    def text(self) -> str:
        """All of it as text, within ``MAX_FORM_MEMORY_SIZE``.

        :raises RequestEntityTooLarge: when it is larger (413).
        """
        pieces = _Pieces(self)
        for piece in self:
            pieces.add(piece)
        return pieces.text(self._charset)

    def save(self, target: str | os.PathLike[str] | IO[bytes]) -> int:
        """Write what is left of it to a file, and return its size.

        :param target: Where: a path, at which nothing is seen before all of it is there, or an open file. When
            the body ends early, or the disk is full, what was written is removed.
        :raises ClientDisconnected: when the body ends early (400).
        :raises InsufficientStorage: when there is no room (507).
        """
        with _destination(target) as write:
            size = 0
            for piece in self:
                size += len(piece)
                write(piece)
        return size

    # In async code.

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._kept:
            yield self._take(-1)
        while piece := await self._parts.anext_piece(self):
            yield piece

    async def aread(self, size: int = -1) -> bytes:
        """:meth:`read`, awaited."""
        if size < 0:
            return b"".join([piece async for piece in self])
        if size and not self._kept:
            self._kept = await self._parts.anext_piece(self)
        return self._take(size)

    async def atext(self) -> str:
        """:meth:`text`, awaited."""
        pieces = _Pieces(self)
        async for piece in self:
            pieces.add(piece)
        return pieces.text(self._charset)

    async def asave(self, target: str | os.PathLike[str] | IO[bytes]) -> int:
        """:meth:`save`, awaited; the file is written in a thread."""
        run = running_loop().run_in_executor
        with _destination(target) as write:
            size = waiting = 0
            batch: list[bytes] = []
            async for piece in self:
                batch.append(piece)
                waiting += len(piece)
                if waiting >= _BATCH:
                    size += waiting
                    await run(None, write, b"".join(batch))
                    batch, waiting = [], 0
            await run(None, write, b"".join(batch))
        return size + waiting

    def _take(self, size: int) -> bytes:
        kept = self._kept
        if size < 0 or size >= len(kept):
            self._kept = b""
            return kept
        self._kept = kept[size:]
        return kept[:size]


class _Pieces:
    """Gathers what is kept in memory, within the limit for fields."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        self._part._parts.limits.check_field(self._part.name, self._size)
        self._pieces.append(piece)

    def text(self, charset: str) -> str:
        return b"".join(self._pieces).decode(charset, "replace")


@contextmanager
def _destination(target: str | os.PathLike[str] | IO[bytes]) -> Iterator[Callable[[bytes], Any]]:
    """What writes to a path or an open file; after an error nothing of what it wrote is left."""
    if not isinstance(target, (str, os.PathLike)):
        start = target.tell() if target.seekable() else None
        try:
            with InsufficientStorage.instead_of_oserror():
                yield target.write
        except BaseException:
            if start is not None:
                with suppress(OSError):  # a device has no length
                    target.seek(start)
                    target.truncate()
            raise
        return
    path = os.fspath(target)
    # Beside it, so that it can be put in place at once, and an older file stays until then.
    beside = f"{path}.{token_hex(8)}.part"
    try:
        with InsufficientStorage.instead_of_oserror(), open(beside, "xb", buffering=0) as file:
            yield lambda data: _write(file, data)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def _write(file: Any, data: bytes) -> None:
    written = file.write(data)
    while written < len(data):  # a disk that is nearly full takes a part
        written += file.write(memoryview(data)[written:])


class FormParts:
    """The parts, one after the other; asking for the next one passes over what is left of the one before.

    :param stream: The body.
    :param boundary: What stands between its parts.
    :param limits: What is accepted.
    """

    def __init__(self, stream: Stream, boundary: bytes, limits: MultipartLimits) -> None:
        self.limits = limits
        self._stream = stream
        self._parser = MultipartParser(boundary, limits)
        self._events: deque[Event] = deque()
        self._current: Part | None = None
        #: Whether the current part was read to its end, any byte has come, and the last part was passed.
        self._complete = self._begun = self._ended = False

    def __iter__(self) -> Iterator[Part]:
        while not self._ended:
            while not self._events:
                self._feed(self._stream.read(_CHUNK))
            part = self._next_part()
            if part is not None:
                yield part

    async def __aiter__(self) -> AsyncIterator[Part]:
        while not self._ended:
            while not self._events:
                self._feed(await self._stream.aread(_CHUNK))
            part = self._next_part()
            if part is not None:
                yield part

    def next_piece(self, part: Part) -> bytes:
        """The next piece of the current part, ``b""`` at its end."""
        if not self._is_open(part):
            return b""
        while not self._events:
            self._feed(self._stream.read(_CHUNK))
        return self._next_content()

    async def anext_piece(self, part: Part) -> bytes:
        """:meth:`next_piece`, awaited."""
        if not self._is_open(part):
            return b""
        while not self._events:
            self._feed(await self._stream.aread(_CHUNK))
        return self._next_content()

    def _feed(self, chunk: bytes) -> None:
        if chunk:
            self._begun = True
            self._events.extend(self._parser.feed(chunk))
            return
        if self._begun:  # no body at all is a form without parts
            self._parser.finish()
        self._events.append(_OVER)

    def _next_part(self) -> Part | None:
        """The next part of what was read, if one begins in it; what is left of the current one is dropped."""
        events = self._events
        while events:
            event = events.popleft()
            if event is _OVER:
                self._ended = True
                self._current = None
            elif isinstance(event, FormPart):
                self._current = part = Part(event, self)
                self._complete = False
                return part
        return None

    def _is_open(self, part: Part) -> bool:
        if part is not self._current:
            raise RuntimeError(
                f"{part!r} was passed over when the next part was asked for: read it, or save it, within the loop."
            )
        return not self._complete

    def _next_content(self) -> bytes:
        event = self._events.popleft()
        if event is None:
            self._complete = True
            return b""
        assert isinstance(event, bytes)
        return event
