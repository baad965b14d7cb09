"""Request bodies as they arrive: streams that can be read by threads and by async code alike.

A route registered with ``stream=True`` gets one of these as ``request.stream``; for all others the
body has been read before. This module must not know protocols: a source is an async function that
returns the next chunk, ``b""`` at the end, and raises when the client has gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO, RawIOBase
from os import PathLike
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, NoReturn, Protocol, TypeAlias

from werkzeug.exceptions import (
    ClientDisconnected, HTTPException, NotImplemented as UnknownTransferCoding, RequestEntityTooLarge,
    UnsupportedMediaType,
)  # fmt: skip

from demijohn.contexts.context import current
from demijohn.errors import InsufficientStorage
from demijohn.http.filled import Filled
from demijohn.waiting.drivers import running_loop, wait

if TYPE_CHECKING:  # there is no such module at run time
    from _typeshed import WriteableBuffer

#: Gives the next chunk, ``b""`` at the end.
Source: TypeAlias = Callable[[], Awaitable[bytes]]

#: The key of an environ under which a body is that came in one piece, complete and within the limit.
WHOLE_BODY = "demijohn.body"

_CHUNK = 64 * 1024


def explained() -> bool:
    """Whether errors say what was wrong with the request: the policy of the current application."""
    ctx = current.get(None)
    explains: bool = ctx is None or ctx.app.policy.explained_errors
    return explains


def too_large(
    limit: int, what: str = "request body", setting: str = "MAX_CONTENT_LENGTH"
) -> RequestEntityTooLarge:
    """The 413 that names the limit."""
    if not explained():
        return RequestEntityTooLarge()
    return RequestEntityTooLarge(
        Filled(
            f"The {what} is larger than the %(limit)s bytes allowed here (%(setting)s).",
            limit=limit,
            setting=setting,
        )
    )


def truncated() -> ClientDisconnected:
    """The error of a body that ended before it was complete."""
    if not explained():
        return ClientDisconnected()
    return ClientDisconnected(
        "The request body ended early: the client has gone, or sent less than announced."
    )


class EncodedBody(UnsupportedMediaType):
    """The 415 of a form or JSON in a content coding; it says what is taken (RFC 9110, 12.5.3 and 15.5.16)."""

    def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:
        """The fields of the answer, with Accept-Encoding."""
        return [*super().get_headers(environ, scope), ("Accept-Encoding", "identity")]


def refusal_of_coding(content: str, transfer: str) -> HTTPException | None:
    """Why a body must not be parsed: it is not what its type says, but that in some coding. None when it is.

    :param content: The field Content-Encoding.
    :param transfer: The field Transfer-Encoding; the server has undone the chunks, and nothing else.
    """
    if coding := _coding(content, "identity"):
        return EncodedBody(
            f"The request body is in the content coding {coding!r} (Content-Encoding), which is not undone"
            " here. Send it as it is, without that field."
        )
    if coding := _coding(transfer, "chunked"):
        return UnknownTransferCoding(
            f"The transfer coding {coding!r} (Transfer-Encoding) is not undone here."
        )
    return None


def _coding(field: str, plain: str) -> str | None:
    """The first coding in a list that changes the bytes."""
    codings = (item.partition(";")[0].strip() for item in field.split(","))
    return next((coding for coding in codings if coding and coding.lower() not in (plain, "identity")), None)


class RefusedBody(RawIOBase):
    """Stands for a body that must not be used; reading it raises the reason."""

    def __init__(self, reason: HTTPException) -> None:
        self.reason = reason

    def readable(self) -> bool:
        """It can be tried."""
        return True

    def _refuse(self, *args: Any) -> NoReturn:
        raise self.reason

    read = readinto = readline = readlines = readall = __iter__ = _refuse


class StreamedBody(RawIOBase):
    """A body read while it arrives, with back-pressure: nothing is taken before it is asked for.

    ``async for chunk in stream`` and ``await stream.aread()`` in async code; ``read``, ``readline``
    and iteration in sync code, which wait in a thread.

    :param source: Gives the next chunk.
    :param limit: Most bytes in all; None for no limit.
    :param expected: The announced length, to tell a body that ends early; None when unknown.
    :param reader: What ``source`` reads from, where a thread can read from it directly.
    """

    def __init__(
        self, source: Source, limit: int | None, expected: int | None = None, reader: RawIOBase | None = None
    ) -> None:
        self._expected = expected
        self._reader = reader
        self._source = source
        self._limit = limit
        self._taken = 0
        #: A chunk of which a part was read already, and how much of it.
        self._chunk = b""
        self._read = 0
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def _rest(self, size: int) -> bytes:
        """Up to ``size`` bytes of the chunk that is here."""
        chunk, start = self._chunk, self._read
        end = start + size
        if end < len(chunk):
            self._read = end
            return chunk[start:end]
        self._chunk, self._read = b"", 0
        return chunk[start:] if start else chunk

    async def _next(self) -> bytes:
        """The next chunk, ``b""`` at the end.

        :raises RequestEntityTooLarge: past the limit.
        :raises ClientDisconnected: when the client has gone.
        """
        if self._chunk:
            return self._rest(len(self._chunk))
        if self._ended:
            return b""
        chunk = bytes(await self._source())  # no copy, unless a server sends a bytearray
        if not chunk:
            self._ended = True
            if self._expected is not None and self._taken < self._expected:
                raise truncated()
            return b""
        self._taken += len(chunk)
        if self._limit is not None and self._taken > self._limit:
            self._ended = True
            raise too_large(self._limit)
        return chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._next():
            yield chunk

    async def aread(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, all of the rest by default; ``b""`` at the end."""
        if size == 0:
            return b""
        if size > 0:
            if not self._chunk:
                self._chunk = await self._next()
            return self._rest(size)
        return b"".join([chunk async for chunk in self])

    def read(self, size: int | None = -1) -> bytes:
        """Up to ``size`` bytes, all of the rest by default, waiting in this thread; ``b""`` at the end."""
        if size is None or size < 0:
            return self.readall()
        if self._chunk:
            return self._rest(size)  # PERF: what is here needs no wait on the loop, which costs some 100 us
        if self._reader is not None:
            return self._reader.read(size) or b""
        return wait(self.aread(size))

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into ``buffer``, waiting in this thread (see :class:`io.RawIOBase`)."""
        return _fill(memoryview(buffer), self.read)

    def readall(self) -> bytes:
        """All of the rest, waiting in this thread."""
        if self._reader is not None and not self._chunk:
            return self._reader.readall() or b""
        return wait(self.aread())


def _fill(buffer: memoryview, read: Callable[[int], bytes]) -> int:
    data = read(len(buffer))
    buffer[: len(data)] = data
    return len(data)


class Reader(Protocol):
    """What can be read in parts: ``wsgi.input``, a file."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, ``b""`` at the end."""
        ...


def from_reader(reader: Reader) -> Source:
    """A source over a blocking reader, such as ``wsgi.input``: read in a thread when on a loop."""

    async def source() -> bytes:
        chunk: bytes = await running_loop().run_in_executor(None, reader.read, _CHUNK)
        return chunk

    return source


class BoundedBody(RawIOBase):
    """A body read from a blocking stream, which must be neither too long nor too short.

    :param stream: Such as ``wsgi.input``.
    :param limit: Most bytes in all; None for no limit.
    :param expected: The announced length; None when the stream ends by itself.
    """

    def __init__(self, stream: Reader, limit: int | None, expected: int | None) -> None:
        self._stream = stream
        self._limit = limit
        self._expected = expected
        self._taken = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def _take(self, size: int) -> bytes:
        """Up to ``size`` bytes, ``b""`` at the end.

        :raises RequestEntityTooLarge: past the limit.
        :raises ClientDisconnected: when the stream ends before the announced length.
        """
        if self._expected is not None:
            size = min(size, self._expected - self._taken)
            if size <= 0:
                return b""
        try:
            data = self._stream.read(size)
        except (OSError, ValueError, EOFError) as e:  # the last by one that unpacks
            raise truncated() from e
        self._taken += len(data)
        if self._limit is not None and self._taken > self._limit:
            raise too_large(self._limit)
        if not data and self._expected is not None:
            raise truncated()
        return data

    def read(self, size: int | None = -1) -> bytes:
        """Up to ``size`` bytes, all of the rest by default; ``b""`` at the end.

        PERF: io.RawIOBase's own copies what it read twice.
        """
        return self.readall() if size is None or size < 0 else self._take(size)

    def readinto(self, buffer: WriteableBuffer) -> int:
        """See :class:`io.RawIOBase`."""
        return _fill(memoryview(buffer), self._take)

    def readall(self) -> bytes:
        """All of the rest."""
        parts = []
        while data := self._take(_CHUNK):
            parts.append(data)
        return b"".join(parts)


async def collect(
    source: Source,
    limit: int | None,
    expected: int | None,
    in_memory: int,
    folder: str | PathLike[str] | None,
) -> IO[bytes] | RefusedBody:
    """Read a whole body into memory, or onto disk past so many bytes.

    A body that is too large, incomplete, or for which the disk has no room, is not presented as one: reading the
    result raises.

    :param expected: The announced length, or None.
    :param in_memory: ``BODY_SPOOL_SIZE``.
    :param folder: ``BODY_SPOOL_FOLDER``.
    """
    parts: list[bytes] = []
    file: IO[bytes] | None = None
    size = 0
    try:
        while chunk := await source():
            size += len(chunk)
            if limit is not None and size > limit:
                raise too_large(limit)
            if file is None and size <= in_memory:
                parts.append(chunk)
            else:
                with InsufficientStorage.instead_of_oserror():
                    if file is None:
                        file = TemporaryFile(dir=folder)  # noqa: SIM115 (lives as long as the request)
                        file.writelines(parts)
                        parts.clear()
                    file.write(chunk)
            if size == expected:
                break
        if expected is not None and size < expected:
            raise truncated()
    except HTTPException as e:
        if file is not None:
            file.close()
        return RefusedBody(e)
    except BaseException:
        if file is not None:
            file.close()
        raise
    if file is None:
        return BytesIO(parts[0] if len(parts) == 1 else b"".join(parts))
    try:
        with InsufficientStorage.instead_of_oserror():
            file.seek(0)  # which writes what was buffered
    except HTTPException as e:
        file.close()
        return RefusedBody(e)
    return file
