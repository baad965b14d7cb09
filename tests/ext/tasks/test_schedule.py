"""When the turns of a schedule are, with clocks that change, and who sends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from celery.schedules import crontab, schedule
from tests.sessions.server_side.conftest import RedisServer

from demijohn import Flask
from demijohn.errors import WrongSetting
from demijohn.ext.tasks import Tasks, TasksUnavailable
from demijohn.ext.tasks.beat import Beat, OwnTurns, SharedTurns, make_beat
from demijohn.ext.tasks.schedule import next_turn
from demijohn.ext.tasks.settings import read_settings

VIENNA = ZoneInfo("Europe/Vienna")
SPRING = datetime(2027, 3, 28, tzinfo=VIENNA)  # 2:00 is 3:00
AUTUMN = datetime(2027, 10, 31, tzinfo=VIENNA)  # 3:00 is 2:00


def turns(when: Any, begin: datetime, hours: float) -> list[str]:
    """The turns from a moment on, as a clock in Vienna shows them."""
    after, end = begin.astimezone(UTC) - timedelta(seconds=1), begin.astimezone(UTC) + timedelta(hours=hours)
    found = []
    while True:
        turn = next_turn(when, after, VIENNA)
        if turn is None or turn >= end:
            return found
        found.append(turn.astimezone(VIENNA).strftime("%d %H:%M %Z"))
        after = turn


@pytest.mark.parametrize(
    ("when", "spring", "autumn"),
    [
        (crontab(hour=2, minute=30), ["28 03:30 CEST"], ["31 02:30 CEST"]),
        (crontab(hour=3, minute=0), ["28 03:00 CEST"], ["31 03:00 CET"]),
        (crontab(hour="2,3", minute=0), ["28 03:00 CEST"], ["31 02:00 CEST", "31 03:00 CET"]),
        (crontab(hour=1, minute=59), ["28 01:59 CET"], ["31 01:59 CEST"]),
    ],
)
def test_a_time_of_day_comes_once_on_both_nights(when: crontab, spring: list[str], autumn: list[str]) -> None:
    assert turns(when, SPRING, 22) == spring
    assert turns(when, AUTUMN, 24) == autumn


def test_every_hour_goes_by_real_time() -> None:
    assert turns(crontab(minute=0), SPRING, 4) == [
        "28 00:00 CET",
        "28 01:00 CET",
        "28 03:00 CEST",
        "28 04:00 CEST",
    ]
    assert turns(crontab(minute=0), AUTUMN, 4) == [
        "31 00:00 CEST",
        "31 01:00 CEST",
        "31 02:00 CEST",
        "31 02:00 CET",
    ]
    assert len(turns(crontab(minute="*/15"), AUTUMN, 25)) == 100


@pytest.mark.parametrize("when", [600, timedelta(minutes=10), schedule(600)])
def test_every_so_often_means_the_same_turns_for_all_who_count(when: Any) -> None:
    begin = datetime(2027, 1, 1, 12, 3, tzinfo=UTC)
    assert next_turn(when, begin, VIENNA) == datetime(2027, 1, 1, 12, 10, tzinfo=UTC)


def test_weekdays_and_months_count() -> None:
    new_year = datetime(2027, 1, 1, tzinfo=VIENNA)
    assert next_turn(crontab(hour=8, minute=0, day_of_week="mon"), new_year, VIENNA) == datetime(
        2027, 1, 4, 7, tzinfo=UTC
    )
    leap = next_turn(crontab(hour=8, minute=0, day_of_month=29, month_of_year=2), new_year, VIENNA)
    assert leap == datetime(2028, 2, 29, 7, tzinfo=UTC)


class Clock:
    """A clock that a test turns."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def turned(app: Flask) -> Any:
    """A function that makes a beat, by where the turns are kept, a clock, and what it has sent."""
    app.config.update(
        TIMEZONE="Europe/Vienna",
        TASKS_SCHEDULE={
            "nightly": {"task": "shop.tidy", "schedule": crontab(hour=2, minute=30), "args": [1]}
        },
    )
    clock = Clock(SPRING.astimezone(UTC))
    sent: list[tuple[Any, ...]] = []

    def make(turns: Any, send: Any = None) -> Beat:
        return Beat(
            app, read_settings(app), send or (lambda *turn: sent.append((*turn, clock.now))), turns, clock
        )

    make.clock, make.sent = clock, sent  # type: ignore[attr-defined]
    return make


def let_pass(clock: Clock, hours: int, *beats: Beat) -> None:
    """Let time pass, a minute at a time."""
    for _ in range(hours * 60):
        clock.now += timedelta(minutes=1)
        for beat in beats:
            assert beat.tick() > 0


@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_a_beat_sends_a_turn_once_on_both_nights(turned: Any, night: datetime) -> None:
    turned.clock.now = night.astimezone(UTC)
    beat = turned(OwnTurns())
    beat.tick()
    let_pass(turned.clock, 24, beat)
    assert [turn[:3] for turn in turned.sent] == [("shop.tidy", (1,), {})]


@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_two_beats_on_redis_send_each_turn_once(
    turned: Any, night: datetime, redis_server: RedisServer
) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.flushdb()
    turned.clock.now = night.astimezone(UTC)
    beats = [turned(SharedTurns(redis_server.url, 3)) for _ in range(2)]
    let_pass(turned.clock, 24, *beats)
    assert len(turned.sent) == 1


def test_a_turn_that_was_missed_is_made_up_for_once(turned: Any, redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.flushdb()
    turned(SharedTurns(redis_server.url, 3)).tick()
    turned.clock.now += timedelta(days=3)
    turned(SharedTurns(redis_server.url, 3)).tick()
    turned(SharedTurns(redis_server.url, 3)).tick()
    assert len(turned.sent) == 1


def test_a_turn_that_the_broker_does_not_take_is_sent_later(turned: Any) -> None:
    refuse = True

    def send(*turn: Any) -> None:
        if refuse:
            raise TasksUnavailable("not now")
        turned.sent.append(turn)

    beat = turned(OwnTurns(), send)
    beat.tick()
    turned.clock.now += timedelta(hours=3)
    beat.tick()
    refuse = False
    beat.tick()
    beat.tick()
    assert len(turned.sent) == 1


@pytest.mark.parametrize(
    "entry",
    [{"task": "a"}, {"schedule": 3}, {"task": "a", "schedule": 0}, {"task": 3, "schedule": 3}, "a"],
)
def test_a_turn_that_cannot_be_is_refused_by_name(app: Flask, entry: Any) -> None:
    app.config["TASKS_SCHEDULE"] = {"nightly": entry}
    tasks = Tasks(app)
    with pytest.raises(WrongSetting, match="nightly"):
        make_beat(app, tasks.settings, tasks.celery)


def test_a_zone_that_is_none_is_refused(app: Flask) -> None:
    app.config["TIMEZONE"] = "Vienna"
    with pytest.raises(WrongSetting, match="TIMEZONE"):
        Tasks(app)
