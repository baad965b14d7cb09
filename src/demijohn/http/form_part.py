"""One part of a multipart form (RFC 7578): its headers, its name and file name, its limits.

This module must not know how a body is cut into parts; ``multipart`` does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, TypeAlias

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.http import parse_options_header

from demijohn.http.headers import Headers

#: Called with total_content_length, content_type, filename and content_length of a file part;
#: returns the file that its content is written to. As in ``werkzeug.formparser``.
StreamFactory: TypeAlias = Callable[..., IO[bytes]]

# RFC 2046 has 70; the test client of Werkzeug sends up to 74, and its parser takes any.
_LONGEST_BOUNDARY = 200
_CHARSETS = frozenset(("ascii", "us-ascii", "utf-8", "iso-8859-1"))


class InvalidMultipart(BadRequest, ValueError):
    """The body is not what its Content-Type says, or ends before its closing boundary."""


class MultipartLimits:
    """What one body may hold; None for any number.

    :param parts: Fields and files together.
    :param files: Parts with a file name.
    :param field_size: Bytes of one field that is not a file (those are kept in memory).
    :param header_size: Bytes of all headers of one part.
    """

    # PERF: not dataclasses here, which take 1 ms to make when the package is imported.
    __slots__ = ("field_size", "files", "header_size", "parts")

    def __init__(
        self,
        parts: int | None = 1000,
        files: int | None = 100,
        field_size: int | None = 500_000,
        header_size: int = 16 * 1024,
    ) -> None:
        self.parts = parts
        self.files = files
        self.field_size = field_size
        self.header_size = header_size

    def check_parts(self, count: int) -> None:
        """Refuse ``count`` parts if they are too many (413)."""
        if self.parts is not None and count > self.parts:
            raise RequestEntityTooLarge(
                f"The form has more than {self.parts} parts, the most accepted here (MAX_FORM_PARTS)."
            )

    def check_files(self, count: int) -> None:
        """Refuse ``count`` files if they are too many (413)."""
        if self.files is not None and count > self.files:
            raise RequestEntityTooLarge(
                f"The form has more than {self.files} files, the most accepted here (MAX_FORM_FILES)."
            )

    def check_field(self, name: str, size: int) -> None:
        """Refuse a field called ``name`` if ``size`` bytes are too many (413)."""
        if self.field_size is not None and size > self.field_size:
            raise RequestEntityTooLarge(
                f"The form field {name[:100]!r} is larger than {self.field_size} bytes, the most accepted"
                " here for a field that is not a file (MAX_FORM_MEMORY_SIZE)."
            )

    def check_header(self, size: int) -> None:
        """Refuse the headers of a part if ``size`` bytes are too many (413)."""
        if size > self.header_size:
            raise RequestEntityTooLarge(
                f"The headers of a part are larger than {self.header_size} bytes, the most accepted."
            )


DEFAULT_LIMITS = MultipartLimits()


def check_boundary(boundary: bytes) -> None:
    """Refuse a boundary that is missing or far longer than RFC 2046's 70 bytes.

    :raises InvalidMultipart: when it is.
    """
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise InvalidMultipart(
            f"The multipart boundary must have 1 to {_LONGEST_BOUNDARY} characters, not {len(boundary)}."
        )


class FormPart:
    """The head of a part: what its Content-Disposition and Content-Type say."""

    __slots__ = ("charset", "filename", "headers", "name")

    def __init__(self, name: str, filename: str | None, charset: str, headers: list[tuple[str, str]]) -> None:
        self.name = name
        self.filename = filename
        self.charset = charset
        self.headers = headers


# PERF: forms send the same field names again and again; a hit is 0.1 us, parsing 3 us. Heads
# with a file name are not kept, those differ.
_field_heads: dict[bytes, FormPart] = {}
_plain_disposition = re.compile(
    r'form-data; name="(?P<name>[^"\\%]*)"(?:; filename="(?P<filename>[^"\\%]*)")?', re.ASCII | re.IGNORECASE
)


def read_head(head: bytes) -> FormPart | None:
    """The part whose header lines are ``head``, or None if they are out of the ordinary."""
    known = _field_heads.get(head)
    if known is not None:
        return known
    lines = head.split(b"\r\n")
    headers: list[tuple[str, str]] = []
    for line in lines:
        if not line or line[0] in b" \t" or b"\r" in line or b"\n" in line:
            return None
        try:
            name, _, value = line.decode().partition(":")
        except UnicodeDecodeError:
            return None
        headers.append((name.strip(" \t"), value.strip(" \t")))
    part = describe_part(headers)
    if part is not None and part.filename is None and len(head) < 256:
        if len(_field_heads) >= 512:
            _field_heads.clear()
        _field_heads[head] = part
    return part


def describe_part(headers: list[tuple[str, str]]) -> FormPart | None:
    """The part that has these ``headers``, or None if they do not name one."""
    disposition = content_type = None
    for name, value in headers:
        lowered = name.lower()
        if lowered == "content-disposition" and disposition is None:
            disposition = value
        elif lowered == "content-type" and content_type is None:
            content_type = value
    if disposition is None:
        return None
    part_name, filename = _read_disposition(disposition)
    if part_name is None:
        return None
    charset = "utf-8" if content_type is None or filename is not None else _charset(content_type)
    return FormPart(part_name, filename, charset, headers)


_parameter = re.compile(r';[ \t]*([^\s=;"]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^;]*)')


def _read_disposition(value: str) -> tuple[str | None, str | None]:
    """Name and file name of a Content-Disposition value.

    ``filename*`` has no place in a form (RFC 7578, section 4.2): it counts only where there is
    no ``filename``.
    """
    plain = _plain_disposition.fullmatch(value)
    if plain is not None:
        return plain.group("name"), plain.group("filename")
    _, options = parse_options_header(value)
    filename = options.get("filename")
    if filename is not None and "*" in value:
        for name, text in _parameter.findall(value):
            if name.lower() == "filename":
                filename = parse_options_header(f"form-data; filename={text}")[1].get("filename", filename)
    return options.get("name"), filename


def _charset(content_type: str) -> str:
    charset = parse_options_header(content_type)[1].get("charset", "").lower()
    return charset if charset in _CHARSETS else "utf-8"


def open_file(
    stream_factory: StreamFactory, headers: Headers, filename: str | None, total: int | None
) -> IO[bytes]:
    """A new file from ``stream_factory`` for a part with these ``headers``.

    :param total: Bytes of the whole body, if known.
    """
    length = headers.get("content-length", "")
    return stream_factory(
        total_content_length=total,
        filename=filename,
        content_type=headers.get("content-type"),
        content_length=int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0,
    )
