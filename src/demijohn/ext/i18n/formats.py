"""Dates, times and numbers as the current locale writes them, by Babel.

This module must not know how the locale is found.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Literal

from babel import Locale, dates, numbers

from demijohn.ext.i18n.configuration import get_babel
from demijohn.ext.i18n.current import get_locale, get_timezone

__all__ = [
    "format_currency", "format_date", "format_datetime", "format_decimal", "format_number", "format_percent",
    "format_scientific", "format_time", "format_timedelta", "to_user_timezone", "to_utc",
]  # fmt: skip

_LENGTHS = frozenset({"short", "medium", "long", "full"})
_NO_CONTEXT = (
    "A date or number is formatted for somebody, and there is no context here that says for whom: do it while a request"
    " is handled, in a command, or in a block: with app.app_context(): ..."
)
#: What a number may be.
_Number = Any


def _locale() -> Locale:
    locale = get_locale()
    if locale is None:
        # Rather than that a date is in the server's locale.
        raise RuntimeError(_NO_CONTEXT)
    return locale


def _zone() -> tzinfo:
    zone = get_timezone()
    if zone is None:
        raise RuntimeError(_NO_CONTEXT)
    return zone


def _format(kind: str, wanted: str | None) -> Any:
    """The format of a kind: a length, or what ``date_formats`` has for it."""
    formats = get_babel().instance.date_formats
    if wanted is None:
        wanted = formats[kind]
    if wanted in _LENGTHS:
        return formats[f"{kind}.{wanted}"] or wanted
    return wanted


def to_user_timezone(datetime: datetime) -> datetime:
    """A point in time in the current time zone.

    :param datetime: Without a zone of its own it is taken to be in UTC.
    """
    if datetime.tzinfo is None:
        datetime = datetime.replace(tzinfo=UTC)
    zone: Any = _zone()
    moved = datetime.astimezone(zone)
    # COMPAT: a zone of pytz, which a selector may give, has its own idea of summer time.
    return zone.normalize(moved) if hasattr(zone, "normalize") else moved


def to_utc(datetime: datetime) -> datetime:
    """A point in time in UTC, without a zone, as databases have it.

    :param datetime: Without a zone of its own it is taken to be in the current one.
    """
    if datetime.tzinfo is None:
        zone: Any = _zone()
        localize = getattr(zone, "localize", None)
        datetime = datetime.replace(tzinfo=zone) if localize is None else localize(datetime)
    return datetime.astimezone(UTC).replace(tzinfo=None)


def format_datetime(datetime: datetime | None = None, format: str | None = None, rebase: bool = True) -> str:
    """A date with its time.

    :param datetime: By default now; without a zone it is taken to be in UTC.
    :param format: ``"short"``, ``"medium"``, ``"long"``, ``"full"``, or a pattern of Babel's.
    :param rebase: Show it in the current time zone.
    """
    zone = {"tzinfo": _zone()} if rebase else {}
    return dates.format_datetime(datetime, _format("datetime", format), locale=_locale(), **zone)


def format_date(date: date | None = None, format: str | None = None, rebase: bool = True) -> str:
    """A date; of a ``datetime``, the day that it is in the current time zone.

    :param date: By default today.
    :param format: As for :func:`format_datetime`.
    :param rebase: Whether the time zone counts.
    """
    if rebase and isinstance(date, datetime):
        date = to_user_timezone(date)
    return dates.format_date(date, _format("date", format), locale=_locale())


def format_time(time: time | datetime | None = None, format: str | None = None, rebase: bool = True) -> str:
    """A time of the day.

    :param time: By default now; without a zone it is taken to be in UTC.
    :param format: As for :func:`format_datetime`.
    :param rebase: Show it in the current time zone.
    """
    zone = {"tzinfo": _zone()} if rebase else {}
    return dates.format_time(time, _format("time", format), locale=_locale(), **zone)


def format_timedelta(
    datetime_or_timedelta: datetime | timedelta,
    granularity: Literal["year", "month", "week", "day", "hour", "minute", "second"] = "second",
    add_direction: bool = False,
    threshold: float = 0.85,
) -> str:
    """How long something takes, or how long ago it was.

    :param datetime_or_timedelta: A span, or a point in time that is compared with now.
    :param granularity: The smallest unit.
    :param add_direction: "in an hour", "an hour ago".
    :param threshold: From which part of a unit on the next is taken.
    """
    span = datetime_or_timedelta
    if isinstance(span, datetime):
        span = datetime.now(UTC) - (span if span.tzinfo is not None else span.replace(tzinfo=UTC))
        if add_direction and get_babel().app.policy.locale_of_request:
            span = -span  # what was before now is "ago"
    return dates.format_timedelta(
        span, granularity, threshold=threshold, add_direction=add_direction, locale=_locale()
    )


def format_number(number: _Number) -> str:
    """A number."""
    return numbers.format_decimal(number, locale=_locale())


def format_decimal(number: _Number, format: str | None = None) -> str:
    """A number with its decimals.

    :param format: A pattern of Babel's.
    """
    return numbers.format_decimal(number, format=format, locale=_locale())


def format_currency(
    number: _Number,
    currency: str,
    format: str | None = None,
    currency_digits: bool = True,
    format_type: Literal["name", "standard", "accounting"] = "standard",
) -> str:
    """An amount of money.

    :param currency: Its code, such as ``"EUR"``.
    :param format: A pattern of Babel's.
    :param currency_digits: Show as many decimals as the currency has.
    :param format_type: ``"standard"``, ``"accounting"`` or ``"name"``.
    """
    return numbers.format_currency(
        number,
        currency,
        format=format,
        locale=_locale(),
        currency_digits=currency_digits,
        format_type=format_type,
    )


def format_percent(number: _Number, format: str | None = None) -> str:
    """A part of a whole: 0.19 is 19 %.

    :param format: A pattern of Babel's.
    """
    return numbers.format_percent(number, format=format, locale=_locale())


def format_scientific(number: _Number, format: str | None = None) -> str:
    """A number in scientific notation.

    :param format: A pattern of Babel's.
    """
    return numbers.format_scientific(number, format=format, locale=_locale())
