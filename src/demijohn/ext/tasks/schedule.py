"""When the next turn of a schedule is: clocks change, and each turn comes once all the same.

A time of day that a schedule names comes once on either night: one that the clock skips, by as much later; one that it
shows twice, the first time. A schedule of every hour goes by real time. This module must not know who asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeAlias, cast
from zoneinfo import ZoneInfo

from celery.schedules import crontab, schedule as every, solar

#: Days that are looked through for a turn: a 29 February comes within eight years.
_DAYS = 8 * 366


class Clock(Protocol):
    """A ``crontab``, as far as its times go."""

    minute: set[int]
    hour: set[int]
    day_of_week: set[int]
    day_of_month: set[int]
    month_of_year: set[int]


#: A turn: Celery's schedules, a time between turns, or its seconds.
When: TypeAlias = every | timedelta | float

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_turn(when: When, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first turn after a moment, in UTC; None where there is none.

    :param when: A ``crontab``, a number of seconds, a ``timedelta``, or any of Celery's schedules.
    :param after: The moment.
    :param zone: Where the times of a ``crontab`` are read.
    """
    if isinstance(when, crontab):
        return _next_by_clock(cast(Clock, when), after, zone)
    if isinstance(when, solar):
        remaining: timedelta = when.remaining_estimate(after)
        return (datetime.now(UTC) + remaining).astimezone(UTC)
    period = _period(when)
    if period <= timedelta():
        raise ValueError(f"A turn every {period} is none: give a number of seconds above 0.")
    # From the epoch on, so that all who count come to the same turns.
    return _EPOCH + ((after - _EPOCH) // period + 1) * period


def latest_turn(when: When, after: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The last turn after one moment and up to another: of those that were missed, one is made up for."""
    found = next_turn(when, after, zone)
    if found is None or found > now:
        return None
    if not isinstance(when, (crontab, solar)):
        period = _period(when)
        return _EPOCH + ((now - _EPOCH) // period) * period
    # Not from the first on, where there may be thousands.
    for days in (1, 40, 400):
        begin = max(after, now - timedelta(days=days))
        following = next_turn(when, begin, zone)
        if following is not None and following <= now:
            found = following
            break
    while True:
        following = next_turn(when, found, zone)
        if following is None or following > now or following <= found:
            return found
        found = following


def _period(when: When) -> timedelta:
    given = cast(Any, when).run_every if isinstance(when, every) else when
    return given if isinstance(given, timedelta) else timedelta(seconds=float(given))


def _next_by_clock(when: Clock, after: datetime, zone: ZoneInfo) -> datetime | None:
    if len(when.hour) == 24:
        turns = _every_hour
    else:
        turns = _at_hours
    day = after.astimezone(zone).date() - timedelta(days=1)
    for _ in range(_DAYS):
        if _is_on(when, day):
            found = [turn for turn in turns(when, day, zone) if turn > after]
            if found:
                return min(found)
        day += timedelta(days=1)
    return None


def _is_on(when: Clock, day: date) -> bool:
    weekday = day.isoweekday() % 7
    return day.month in when.month_of_year and day.day in when.day_of_month and weekday in when.day_of_week


def _at_hours(when: Clock, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    for hour in when.hour:
        for minute in when.minute:
            # fold=0: of two the first; of one that is skipped, what the clock would show without the change.
            yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def _every_hour(when: Clock, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    for minutes in range(26 * 60):
        turn = begin + timedelta(minutes=minutes)
        local = turn.astimezone(zone)
        if local.date() == day and local.minute in when.minute:
            yield turn
