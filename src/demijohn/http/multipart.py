"""Bodies of type multipart/form-data (RFC 7578), within limits.

A body that is in memory and as browsers write it is cut up directly by ``parse_multipart``.
Anything else - streams, line ends other than CRLF, preambles, folded headers - goes through
Werkzeug's decoder by way of ``MultipartReceiver``, which takes chunks as they come. Both give
the same result.

    form, files = parse_multipart(body, b"boundary")

    receiver = MultipartReceiver(b"boundary")
    for chunk in chunks:
        receiver.feed(chunk)
    form, files = receiver.finish()

This module must not know where the bytes come from.
"""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeAlias

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, State

from demijohn.http.fields import Fields, collect
from demijohn.http.form_part import (
    DEFAULT_LIMITS, FormPart, InvalidMultipart, MultipartLimits, StreamFactory, check_boundary, describe_part,
    open_file, read_head,
)  # fmt: skip
from demijohn.http.headers import Headers

__all__ = [
    "InvalidMultipart", "MultipartLimits", "MultipartReceiver", "Parsed", "StreamFactory", "parse_multipart",
    "parse_multipart_stream",
]  # fmt: skip

Parsed: TypeAlias = tuple[MultiDict[str, str], MultiDict[str, FileStorage]]

_STEP = 64 * 1024
_SPOOL_SIZE = 500 * 1024


def parse_multipart(
    body: bytes,
    boundary: bytes,
    *,
    limits: MultipartLimits = DEFAULT_LIMITS,
    stream_factory: StreamFactory | None = None,
    cls: type[MultiDict[str, Any]] = Fields,
) -> Parsed:
    """The fields and the files of ``body``, each in the order sent.

    :param boundary: The boundary parameter of the Content-Type.
    :param limits: What is accepted.
    :param stream_factory: Makes the file for each file part; by default the content stays
        in memory, as ``body`` is.
    :param cls: Class of both results.
    :raises InvalidMultipart: when the body is malformed or truncated, or the boundary is (400).
    :raises RequestEntityTooLarge: when a limit is passed (413).
    """
    check_boundary(boundary)
    pieces = _cut(body, boundary, limits)
    if pieces is not None:
        parsed = _read_pieces(pieces, len(body), limits, stream_factory, cls)
        if parsed is not None:
            return parsed
    receiver = MultipartReceiver(
        boundary,
        limits=limits,
        stream_factory=stream_factory or _in_memory,
        content_length=len(body),
        cls=cls,
    )
    receiver.feed(body)
    return receiver.finish()


def parse_multipart_stream(
    stream: IO[bytes],
    boundary: bytes,
    *,
    limits: MultipartLimits = DEFAULT_LIMITS,
    stream_factory: StreamFactory | None = None,
    content_length: int | None = None,
    cls: type[MultiDict[str, Any]] = Fields,
) -> Parsed:
    """As ``parse_multipart``, reading ``stream`` in steps of 64 kB until it is empty.

    The stream must end with the body and not before: bounding it and telling a client that
    went away from an end is the caller's part.

    :param stream_factory: Makes the file for each file part; by default one that moves to
        disk once it holds 500 kB.
    :param content_length: Bytes of the whole body, if known, for ``stream_factory``.
    """
    receiver = MultipartReceiver(
        boundary, limits=limits, stream_factory=stream_factory, content_length=content_length, cls=cls
    )
    try:
        while chunk := stream.read(_STEP):
            receiver.feed(chunk)
    except BaseException:
        receiver.close()
        raise
    return receiver.finish()


# ------------------------------------------------------------------ bodies in memory


def _cut(body: bytes, boundary: bytes, limits: MultipartLimits) -> list[bytes] | None:
    """What stands between the boundaries, or None if that takes Werkzeug's decoder."""
    opening = b"--" + boundary
    if not body.startswith(opening):
        return None
    count = body.count(opening) - 1
    if limits.parts is not None and count > limits.parts:
        # As many boundaries may be something else inside a file; the decoder can tell.
        return None
    pieces = body[len(opening) :].split(b"\r\n" + opening)
    # A boundary after anything but CRLF is left to the decoder, as is one within an epilogue.
    if len(pieces) != count + 1 or not pieces.pop().startswith(b"--"):
        return None
    return pieces


def _read_pieces(
    pieces: list[bytes],
    total: int,
    limits: MultipartLimits,
    stream_factory: StreamFactory | None,
    cls: type[MultiDict[str, Any]],
) -> Parsed | None:
    """Fields and files of the ``pieces``, or None if one is not as browsers write it."""
    fields: list[tuple[str, str]] = []
    files: list[tuple[FormPart, bytes]] = []
    for piece in pieces:
        head_end = piece.find(b"\r\n\r\n", 2)
        if head_end < 0 or not piece.startswith(b"\r\n"):
            return None
        limits.check_header(head_end - 2)
        head = piece[2:head_end]
        part = read_head(head)
        if part is None:
            return None
        data = piece[head_end + 4 :]
        if part.filename is not None:
            files.append((part, data))
            limits.check_files(len(files))
        else:
            limits.check_field(part.name, len(data))
            fields.append((part.name, data.decode(part.charset, "replace")))
    stored = [(part.name, _store(part, data, total, stream_factory)) for part, data in files]
    return _collect(cls, fields), _collect(cls, stored)


def _store(part: FormPart, data: bytes, total: int, stream_factory: StreamFactory | None) -> FileStorage:
    stream: IO[bytes]
    headers = Headers.over(part.headers.copy())
    if stream_factory is None:
        stream = BytesIO(data)
    else:
        stream = open_file(stream_factory, headers, part.filename, total)
        stream.write(data)
        stream.seek(0)
    return FileStorage(stream, part.filename, part.name, headers=headers)


def _collect(cls: type[MultiDict[str, Any]], items: list[tuple[str, Any]]) -> MultiDict[str, Any]:
    return collect(items) if cls is Fields else cls(items)


# ------------------------------------------------------------------ bodies in chunks


def _in_memory(**_: Any) -> IO[bytes]:
    return BytesIO()


def _spooled(**_: Any) -> IO[bytes]:
    return SpooledTemporaryFile(max_size=_SPOOL_SIZE, mode="rb+")


class MultipartReceiver:
    """Takes a body chunk by chunk, writes files out as they come and keeps fields in memory.

    :param boundary: The boundary parameter of the Content-Type.
    :param limits: What is accepted.
    :param stream_factory: Makes the file for each file part; by default one that moves to
        disk once it holds 500 kB.
    :param content_length: Bytes of the whole body, if known, for ``stream_factory``.
    :param cls: Class of both results.
    :raises InvalidMultipart: when the boundary is missing or too long.
    """

    def __init__(
        self,
        boundary: bytes,
        *,
        limits: MultipartLimits = DEFAULT_LIMITS,
        stream_factory: StreamFactory | None = None,
        content_length: int | None = None,
        cls: type[MultiDict[str, Any]] = Fields,
    ) -> None:
        check_boundary(boundary)
        # What the decoder holds back is at most one unfinished head and one chunk.
        self._decoder = MultipartDecoder(boundary, max_form_memory_size=limits.header_size + 2 * _STEP)
        self._limits = limits
        self._stream_factory = stream_factory or _spooled
        self._content_length = content_length
        self._cls = cls
        self._count = 0
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, FileStorage]] = []
        self._part: FormPart | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body. After an error, the files are closed.

        :raises InvalidMultipart: when the body is malformed.
        :raises RequestEntityTooLarge: when a limit is passed.
        """
        try:
            for start in range(0, len(chunk), _STEP):
                if self._decoder.state is State.EPILOGUE:
                    return  # it means nothing, and is not kept
                self._decode(chunk[start : start + _STEP] if len(chunk) > _STEP else chunk)
        except BaseException:
            self.close()
            raise

    def finish(self) -> Parsed:
        """The fields and the files, once all of the body was fed.

        :raises InvalidMultipart: when the closing boundary is missing.
        """
        try:
            self._decode(None)
        except BaseException:
            self.close()
            raise
        return _collect(self._cls, self._fields), _collect(self._cls, self._files)

    def close(self) -> None:
        """Close the files opened so far, which removes those that are temporary."""
        if self._file is not None:
            self._file.close()
        for _, storage in self._files:
            storage.close()

    def _decode(self, chunk: bytes | None) -> None:
        try:
            self._decoder.receive_data(chunk)
        except RequestEntityTooLarge:
            raise RequestEntityTooLarge(
                f"The form has more than {self._limits.header_size} bytes where the headers of a part"
                " or its first boundary should be."
            ) from None
        while True:
            try:
                event = self._decoder.next_event()
            except ValueError as error:
                raise InvalidMultipart(
                    "The multipart body is malformed or ends before its closing boundary."
                ) from error
            if isinstance(event, (NeedData, Epilogue)):
                return
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, Data):
            self._take_data(event)
        elif isinstance(event, (Field, File)):
            self._begin(list(event.headers))

    def _begin(self, headers: list[tuple[str, str]]) -> None:
        self._limits.check_header(sum(len(name) + len(value) for name, value in headers))
        self._part = part = describe_part(headers)
        if part is None:
            raise InvalidMultipart("A part of the form has no name in its Content-Disposition header.")
        self._count += 1
        self._limits.check_parts(self._count)
        if part.filename is None:
            self._size = 0
            return
        self._limits.check_files(len(self._files) + 1)
        self._file = open_file(
            self._stream_factory, Headers.over(headers), part.filename, self._content_length
        )

    def _take_data(self, event: Data) -> None:
        part = self._part
        assert part is not None
        if self._file is not None:
            self._file.write(event.data)
            if not event.more_data:
                self._file.seek(0)
                headers = Headers.over(part.headers)
                self._files.append(
                    (part.name, FileStorage(self._file, part.filename, part.name, headers=headers))
                )
                self._file = None
            return
        self._size += len(event.data)
        self._limits.check_field(part.name, self._size)
        self._chunks.append(event.data)
        if not event.more_data:
            self._fields.append((part.name, b"".join(self._chunks).decode(part.charset, "replace")))
            self._chunks.clear()
