"""Moments and intervals of ISO 8601, as far as Python's own library does not read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["interval", "moment"]

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+(?:[.,]\d+)?)W"
    r"|(?:(?P<years>\d+(?:[.,]\d+)?)Y)?(?:(?P<months>\d+(?:[.,]\d+)?)M)?(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?)",
    re.ASCII,
)
#: A duration that stands for itself has no calendar: a year has 365 days, a month 30.
_LENGTHS = {
    "years": timedelta(days=365),
    "months": timedelta(days=30),
    "weeks": timedelta(weeks=1),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}


def moment(text: str) -> datetime:
    """A day and a time, with its zone where it has one.

    :raises ValueError: for anything else.
    """
    if "T" not in text:
        raise ValueError(f"{text} is not a valid ISO 8601 date and time")
    return datetime.fromisoformat(text)


def interval(text: str) -> tuple[datetime, datetime]:
    """The interval between two moments, from one for so long, until one for so long, or of one as precise as it is.

    :returns: Beginning and end, in UTC.
    :raises ValueError: for anything else.
    :raises OverflowError: for one that leaves the calendar.
    """
    first, slash, second = text.partition("/")
    if not slash:
        start = _in_utc(text)
        return start, start + _precision(text)
    if first.startswith("P"):
        end = _in_utc(second)
        return _sorted(end - _duration(first), end)
    start = _in_utc(first)
    if second.startswith("P"):
        return _sorted(start, start + _duration(second))
    return _sorted(start, _in_utc(second))


def _sorted(one: datetime, other: datetime) -> tuple[datetime, datetime]:
    return (one, other) if one <= other else (other, one)


def _in_utc(text: str) -> datetime:
    """A moment or the beginning of a day, which without a zone is in UTC."""
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _precision(text: str) -> timedelta:
    """What is left open by a moment: the rest of its day, hour, minute or second."""
    _, has_time, time = text.partition("T")
    if not has_time:
        return timedelta(days=1)
    digits = len(re.sub(r"[+-].*|[.,].*|[:Z]", "", time))
    return (
        timedelta(hours=1) if digits <= 2 else timedelta(minutes=1) if digits <= 4 else timedelta(seconds=1)
    )


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    parts = (
        {} if found is None else {name: part for name, part in found.groupdict().items() if part is not None}
    )
    if not parts or text.endswith("T"):
        raise ValueError(f"{text} is not a valid ISO 8601 duration")
    return sum((_LENGTHS[name] * float(part.replace(",", ".")) for name, part in parts.items()), timedelta())
