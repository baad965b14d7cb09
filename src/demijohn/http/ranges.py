"""Byte ranges of one representation (RFC 9110, section 14).

This module must not know what is served, only how long it is and how it is tagged.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import pairwise

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_date, unquote_etag

from demijohn.http.dates import http_date

#: More ranges than this in one header are not worth serving: the header is ignored.
MAX_RANGES = 16
_LONGEST_HEADER = 1024
_range = re.compile(r"[ \t]*(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))[ \t]*", re.ASCII)


def parse_range(header: str | None, length: int) -> list[tuple[int, int]] | None:
    """The ranges asked for as ``(start, stop)`` pairs, ``stop`` not included, in order.

    None means to send the whole: there is no header, its unit is not bytes, it is
    malformed (RFC 9110, section 14.2 lets those be ignored), or it asks for more than
    ``MAX_RANGES`` or for overlapping ranges, which only wears the server out. Ranges beyond
    the end are cut or left out.

    :param header: The Range header.
    :param length: Bytes of the whole representation.
    :raises RequestedRangeNotSatisfiable: when every range lies beyond the end.
    """
    if header is None or len(header) > _LONGEST_HEADER:
        return None
    unit, equals, specs = header.partition("=")
    if not equals or unit.strip(" \t").lower() != "bytes" or specs.count(",") >= MAX_RANGES:
        return None
    ranges: list[tuple[int, int]] = []
    for spec in specs.split(","):
        found = _range.fullmatch(spec)
        if found is None:
            return None
        first, last, suffix = found.groups()
        if suffix is not None:
            start, stop = max(0, length - int(suffix)), length
        else:
            start = int(first)
            stop = length if last is None else int(last) + 1
            if stop <= start and last is not None:  # inverted: not a range at all
                return None
        if start < min(stop, length):
            ranges.append((start, min(stop, length)))
    if not ranges:
        raise RequestedRangeNotSatisfiable(length=length)
    in_order = sorted(ranges)
    if any(after[0] < before[1] for before, after in pairwise(in_order)):
        return None
    return ranges


def content_range(start: int, stop: int, length: int) -> str:
    """The Content-Range value for the bytes from ``start`` up to, not including, ``stop``."""
    return f"bytes {start}-{stop - 1}/{length}"


def if_range_matches(
    header: str | None, etag: str | None = None, last_modified: date | datetime | float | None = None
) -> bool:
    """Whether the Range header counts (RFC 9110, section 13.1.5).

    It does if there is no If-Range header, or that names the current state: a strong entity
    tag that is equal, or exactly the Last-Modified date.

    :param header: The If-Range header.
    :param etag: The current entity tag, quoted as in the ETag header (``"x"``, ``W/"x"``).
    :param last_modified: The current date, as ``http_date`` takes it.
    """
    if not header:
        return True
    if len(header) > _LONGEST_HEADER:
        return False
    header = header.strip(" \t")
    if header.startswith(('"', "W/")):
        # Strong comparison: a weak tag never matches, on either side.
        return etag is not None and not unquote_etag(etag)[1] and header == etag
    named = parse_date(header)
    return named is not None and last_modified is not None and http_date(named) == http_date(last_modified)
