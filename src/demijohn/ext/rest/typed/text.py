"""Plain values from text, which is all that a URL, a header field or a form has.

Text is read laxly: ``"5"`` is an int, ``"on"`` a bool. An empty value is the empty text, and *missing* for every
type but ``str``. This module must not know where a text was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, cast

import msgspec
from msgspec import UNSET, UnsetType, ValidationError

from demijohn.ext.rest.typed.kinds import Annotation, is_pydantic, kept, members_of, without

__all__ = ["Reader", "reader_of", "takes_text"]

#: Makes a value of a text; raises ValidationError.
Reader = Callable[[str], Any]

_WORDS = {
    "true": True,
    "1": True,
    "on": True,
    "yes": True,
    "false": False,
    "0": False,
    "off": False,
    "no": False,
}


def takes_text(annotation: Annotation) -> bool:
    """Whether an empty text is a value: the type is ``str``, or a union with it."""
    return any(member is str for member in members_of(annotation))


def _read_int(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 19:  # PERF: most are, and 0.2 us less
        return int(text)
    return msgspec.convert(text, int, strict=False)


def _read_bool(text: str) -> bool:
    found = _WORDS.get(text.lower())
    if found is None:
        raise ValidationError("Expected `bool`: true or false, 1 or 0, on or off, yes or no")
    return found


@kept
def reader_of(annotation: Annotation) -> Reader:
    """What reads values of a type from text.

    :raises TypeError: for a type that text cannot stand for.
    """
    annotation = without(annotation, UnsetType)
    if annotation is str:
        return str
    if annotation is int:
        return _read_int
    if annotation is bool:
        return _read_bool
    members = members_of(annotation)
    for member in members:
        if is_pydantic(member):
            raise TypeError("a model is no plain value")
    # PERF: msgspec keeps what it knows of a class, not of other annotations (2 us for a union).
    holder = msgspec.defstruct("Text", [("value", annotation)], array_like=True)
    msgspec.convert((), msgspec.defstruct("Check", [("value", annotation, UNSET)], array_like=True))
    words, numbers = bool in members and str not in members, float in members
    convert = msgspec.convert

    def read(text: str) -> Any:
        if words:
            known = _WORDS.get(text.lower())
            if known is not None and (int not in members or text not in "01"):
                return known
        value = cast(Any, convert((text,), holder, strict=False)).value
        if numbers and value.__class__ is float and not isfinite(value):
            raise ValidationError("Expected a finite number")
        return value

    return read
