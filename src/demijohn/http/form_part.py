"""One part of a multipart form (RFC 7578): its headers, its name and file name, its limits.

This module must not know how a body is cut into parts; ``multipart`` does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, TypeAlias

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.http import parse_options_header

from demijohn.http.filled import Filled
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
                Filled(
                    "The form has more than %(limit)s parts, the most accepted here (MAX_FORM_PARTS).",
                    limit=self.parts,
                )
            )

    def check_files(self, count: int) -> None:
        """Refuse ``count`` files if they are too many (413)."""
        if self.files is not None and count > self.files:
            raise RequestEntityTooLarge(
                Filled(
                    "The form has more than %(limit)s files, the most accepted here (MAX_FORM_FILES).",
                    limit=self.files,
                )
            )

    def check_field(self, name: str, size: int) -> None:
        """Refuse a field called ``name`` if ``size`` bytes are too many (413)."""
        if self.field_size is not None and size > self.field_size:
            raise RequestEntityTooLarge(
                Filled(
                    "The form field %(name)s is larger than %(limit)s bytes, the most accepted here for a field that"
                    " is not a file (MAX_FORM_MEMORY_SIZE).",
                    name=repr(name[:100]),
                    limit=self.field_size,
                )
            )

    def check_header(self, size: int) -> None:
        """Refuse the headers of a part if ``size`` bytes are too many (413)."""
        if size > self.header_size:
            raise RequestEntityTooLarge(
                Filled(
                    "The headers of a part are larger than %(limit)s bytes, the most accepted.",
                    limit=self.header_size,
                )
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

    __slots__ = ("_headers", "charset", "content_type", "filename", "name")

    def __init__(
        self,
        name: str,
        filename: str | None,
        charset: str,
        content_type: str | None,
        headers: list[tuple[str, str]] | None,
    ) -> None:
        self.name = name
        self.filename = filename
        self.charset = charset
        self.content_type = content_type
        self._headers = headers

    @classmethod
    def usual(cls, name: bytes, filename: bytes | None, content_type: bytes | None) -> FormPart | None:
        """The part of a head in the form that browsers write; None when it is not in UTF-8."""
        try:
            return cls(
                name.decode(),
                None if filename is None else filename.decode(),
                "utf-8",
                None if content_type is None else content_type.decode(),
                None,
            )
        except UnicodeDecodeError:
            return None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Its header fields; PERF: of the usual form, made when somebody asks (0.3 us)."""
        headers = self._headers
        if headers is None:
            disposition = f'form-data; name="{self.name}"'
            if self.filename is not None:
                disposition += f'; filename="{self.filename}"'
            headers = self._headers = [("Content-Disposition", disposition)]
            if self.content_type is not None:
                headers.append(("Content-Type", self.content_type))
        return headers


# PERF: a head as browsers write it, with the line end before it; all of it by one match, in 0.4 us where line by
# line is 3 us. What is out of the ordinary, such as a name with an escape, is for `read_head`.
usual_head = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([^"\\%\r\n]*)"'
    rb'(?:; filename="([^"\\%\r\n]*)"\r\nContent-Type: ([!-~]+))?\r\n\r\n'
)
_plain_disposition = re.compile(
    r'form-data; name="(?P<name>[^"\\%]*)"(?:; filename="(?P<filename>[^"\\%]*)")?', re.ASCII | re.IGNORECASE
)
_fold = re.compile(rb"(?:\r\n|\n|\r)[ \t]")


def read_head(head: bytes) -> FormPart:
    """The part whose header lines are ``head``, folded ones too.

    :raises InvalidMultipart: when they are not in UTF-8, or none names the part.
    """
    headers: list[tuple[str, str]] = []
    for line in _fold.sub(b" ", head).splitlines():
        try:
            text = line.strip().decode()
        except UnicodeDecodeError as error:
            raise InvalidMultipart("A header of a part of the form is not in UTF-8.") from error
        if text:
            name, _, value = text.partition(":")
            headers.append((name.strip(), value.strip()))
    return describe_part(headers)


def describe_part(headers: list[tuple[str, str]]) -> FormPart:
    """The part that has these ``headers``.

    :raises InvalidMultipart: when they do not name one.
    """
    disposition = content_type = None
    for name, value in headers:
        lowered = name.lower()
        if lowered == "content-disposition" and disposition is None:
            disposition = value
        elif lowered == "content-type" and content_type is None:
            content_type = value
    part_name, filename = (None, None) if disposition is None else _read_disposition(disposition)
    if part_name is None:
        raise InvalidMultipart("A part of the form has no name in its Content-Disposition header.")
    charset = "utf-8" if content_type is None or filename is not None else _charset(content_type)
    return FormPart(part_name, filename, charset, content_type, headers)


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
