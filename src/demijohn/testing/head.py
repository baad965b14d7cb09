"""Status and headers of an answer, refused where no server could send them.

Plays a strict server for both protocols, which hand them over in different forms. Knows neither protocol.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Fields", "Head", "checked_fields", "checked_status"]

Fields = list[tuple[str, str]]


@dataclass(slots=True)
class Head:
    """Status and headers of an answer."""

    status: int
    headers: Fields = field(default_factory=list)


def checked_status(status: object) -> int:
    """The status, if it is an integer of three digits, the only thing every server can send.

    :raises ValueError: If it is not.
    """
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise ValueError(f"the application sent an invalid status: {status!r}")
    return status


def checked_fields(pairs: Iterable[tuple[str, str]]) -> Fields:
    """The header fields, unless one breaks RFC 9110, section 5.

    :raises ValueError: For a name that is no token, and for CR, LF or NUL in a value.
    """
    fields = list(pairs)
    for name, value in fields:
        if not name or not all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name):
            raise ValueError(f"the application sent an invalid header name: {name!r}")
        if any(c in "\r\n\0" for c in value):
            raise ValueError(f"the application sent an invalid value for header {name}: {value!r}")
    return fields
