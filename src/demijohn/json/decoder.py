"""Decoding JSON text within limits: no NaN, no bad UTF-8, no bottomless nesting.

Python's own parser takes ``NaN`` and ``Infinity``, which are not JSON, lets lone surrogates pass
as UTF-8, and ends deep nesting in a ``RecursionError``. Here each is a ``ValueError``, which a
request turns into 400. (Integers above 4,300 digits are a ValueError in Python already.) This
module must not know of applications or requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from json import JSONDecodeError, JSONDecoder
from typing import Any

from demijohn.errors import JSONRefused

__all__ = ["check_depth", "decode", "decode_trusted", "refuse_constant", "too_deep"]


def refuse_constant(name: str) -> Any:
    """For ``parse_constant``: NaN and the infinities are not JSON (RFC 8259, section 6).

    :raises JSONRefused: always.
    """
    raise JSONRefused(f"{name} is not a JSON value (RFC 8259, section 6). Send null or text in its place.")


_strict: Any = JSONDecoder(parse_constant=refuse_constant)
_scan = _strict.scan_once


def decode(s: str | bytes | bytearray, max_depth: int | None, **kwargs: Any) -> Any:
    """Decode one JSON text.

    :param s: Text; or bytes in UTF-8 (or, by its first bytes, UTF-16 or UTF-32).
    :param max_depth: How many arrays and objects may stand within each other; None for as many
        as Python's parser takes.
    :param kwargs: As for ``json.loads``.
    :raises JSONRefused: for NaN and infinities, and beyond ``max_depth``.
    :raises ValueError: for what is not JSON, or not valid UTF-8 (as UnicodeDecodeError).
    """
    text = s if isinstance(s, str) else _as_text(s)
    try:
        if kwargs:
            kwargs.setdefault("parse_constant", refuse_constant)
            value = json.loads(text, **kwargs)
        else:
            value = _decode_text(text)
    except RecursionError:
        raise too_deep(max_depth) from None
    except JSONDecodeError as e:
        # How deep Python itself goes differs from release to release, and so whether it ever comes to the mistake.
        if max_depth is not None and _opens_more_than(max_depth, text[: e.pos]):
            raise too_deep(max_depth) from None
        raise
    if max_depth is not None:
        check_depth(value, text, max_depth)
    return value


def _opens_more_than(limit: int, text: str) -> bool:
    """Whether a text, the beginning of JSON, has more than ``limit`` arrays and objects open somewhere."""
    depth = 0
    # A string, closed or not; or one bracket.
    for found in re.finditer(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', text, re.DOTALL):
        sign = found[0]
        if sign in "[{":
            depth += 1
            if depth > limit:
                return True
        elif sign in "]}":
            depth -= 1
    return False


def _decode_text(text: str) -> Any:
    # PERF: 0.6 us less than JSONDecoder.decode, which looks for white space with regular expressions.
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        pass
    else:
        if end == len(text):
            return value
    if text.startswith("\ufeff"):
        raise JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0)
    return _strict.decode(text)


def decode_trusted(text: str) -> Any:
    """``json.loads(text)``, for text that was written by ``json.dumps`` and needs no limits.

    PERF: 0.2 us, where the decoder of ``json`` takes 0.5.
    """
    try:
        return _plain_decoder()(text)
    except ValueError:
        return json.loads(text)  # it takes NaN, and half of a surrogate pair


@cache
def _plain_decoder() -> Callable[[str], Any]:
    # Imported with the first session that is read: 5 ms, which a program without sessions need not spend.
    import msgspec.json

    return msgspec.json.decode


def _as_text(s: bytes | bytearray) -> str:
    # UTF-8 without a byte order mark is told by its first bytes; anything else is looked at closely.
    head = s[:4]
    if b"\0" in head or head[:1] in (b"\xef", b"\xfe", b"\xff"):
        return s.decode(json.detect_encoding(s))
    return s.decode()


def check_depth(value: object, source: str | bytes | bytearray, limit: int) -> None:
    """Let ``value`` pass when at most ``limit`` arrays and objects stand within each other.

    :param value: What was read.
    :param source: What it was read from: with few brackets it cannot be deep, so that a small text
        costs two counts.
    :raises JSONRefused: when more do.
    """
    if isinstance(source, str):
        brackets = source.count("[") + source.count("{")
    else:
        brackets = source.count(b"[") + source.count(b"{")
    if brackets <= limit:
        return
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limit):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    if level:
        raise too_deep(limit)


def too_deep(limit: int | None) -> JSONRefused:
    """The error for a text that nests deeper than ``limit``."""
    allowed = "as Python can read" if limit is None else str(limit)
    return JSONRefused(
        f"The JSON nests arrays and objects more than {allowed} deep. Send flatter data, or raise"
        " max_depth on the JSON provider (app.json.max_depth)."
    )
