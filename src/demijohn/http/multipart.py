"""Bodies of type multipart/form-data (RFC 7578), within limits: fields in memory, files where they are put.

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

from demijohn.http.fields import Fields, collect
from demijohn.http.form_parser import MultipartParser
from demijohn.http.form_part import (
    DEFAULT_LIMITS, FormPart, InvalidMultipart, MultipartLimits, StreamFactory, check_boundary, open_file, usual_head,
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
    if len(body) <= _STEP and stream_factory is None:
        parsed = _read_usual(body, boundary, limits, cls)
        if parsed is not None:
            return parsed
    receiver = MultipartReceiver(
        boundary,
        limits=limits,
        stream_factory=stream_factory or _in_memory,
        content_length=len(body),
        cls=cls,
    )
    # PERF: in steps, so that what the parser cuts stays in the processor's cache (a third of many small fields).
    for start in range(0, len(body), _STEP):
        receiver.feed(body[start : start + _STEP] if len(body) > _STEP else body)
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


def _read_usual(
    body: bytes, boundary: bytes, limits: MultipartLimits, cls: type[MultiDict[str, Any]]
) -> Parsed | None:
    """Fields and files of a body in one piece, or None if not all of it is as browsers write it.

    PERF: in a third of the calls that the parser takes, which goes from state to state.
    """
    opening = b"--" + boundary
    pieces = body.split(b"\r\n" + opening)
    if len(pieces) == 1 or not pieces[0].startswith(opening) or not pieces.pop().startswith(b"--"):
        return None
    limits.check_parts(len(pieces))
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, FileStorage]] = []
    start = len(opening)
    for piece in pieces:
        usual = usual_head.match(piece, start)
        if usual is None:
            return None
        name, filename, content_type = usual.groups()
        begin = usual.end()
        if begin - start > limits.header_size:
            limits.check_header(begin - start - 6)
        data = piece[begin:]
        start = 0
        if filename is None:
            if not name.isascii():
                return None
            text = name.decode()
            if limits.field_size is not None and len(data) > limits.field_size:
                limits.check_field(text, len(data))
            fields.append((text, data.decode(errors="replace")))
            continue
        part = FormPart.usual(name, filename, content_type)
        if part is None:
            return None
        headers = Headers.over(part.headers)
        files.append((part.name, FileStorage(BytesIO(data), part.filename, part.name, headers=headers)))
        limits.check_files(len(files))
    return _collect(cls, fields), _collect(cls, files)


def _collect(cls: type[MultiDict[str, Any]], items: list[tuple[str, Any]]) -> MultiDict[str, Any]:
    return collect(items) if cls is Fields else cls(items)


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
        self._parser = MultipartParser(boundary, limits)
        self._limits = limits
        self._stream_factory = stream_factory or _spooled
        self._content_length = content_length
        self._cls = cls
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
            for event in self._parser.feed(chunk):
                if event is None:
                    self._end()
                elif isinstance(event, FormPart):
                    self._begin(event)
                elif self._file is not None:
                    self._file.write(event)
                else:
                    self._take(event)
        except BaseException:
            self.close()
            raise

    def finish(self) -> Parsed:
        """The fields and the files, once all of the body was fed.

        :raises InvalidMultipart: when the closing boundary is missing.
        """
        try:
            self._parser.finish()
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

    def _begin(self, part: FormPart) -> None:
        self._part = part
        if part.filename is not None:
            self._file = open_file(
                self._stream_factory, Headers.over(part.headers), part.filename, self._content_length
            )

    def _take(self, data: bytes) -> None:
        part = self._part
        assert part is not None
        self._size += len(data)
        self._limits.check_field(part.name, self._size)
        self._chunks.append(data)

    def _end(self) -> None:
        part = self._part
        assert part is not None
        if self._file is not None:
            self._file.seek(0)
            storage = FileStorage(self._file, part.filename, part.name, headers=Headers.over(part.headers))
            self._files.append((part.name, storage))
            self._file = None
            return
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._fields.append((part.name, data.decode(part.charset, "replace")))
        chunks.clear()
        self._size = 0
