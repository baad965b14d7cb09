"""Dates, times and numbers in the language and the time zone of who is answered."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from demijohn import render_template_string
from demijohn.ext import i18n

LAID = datetime(2026, 4, 12, 13, 46)


@pytest.fixture
def german(make):
    with make(
        BABEL_LOCALES=["de"], BABEL_DEFAULT_LOCALE="de", BABEL_DEFAULT_TIMEZONE="Europe/Vienna"
    ).test_request_context():
        yield


@pytest.mark.usefixtures("german")
def test_dates_and_times_are_in_the_language_and_the_time_zone():
    assert i18n.format_datetime(LAID) == "12.04.2026, 15:46:00"
    assert i18n.format_datetime(LAID, "long") == "12. April 2026, 15:46:00 MESZ"
    assert i18n.format_datetime(LAID, rebase=False) == "12.04.2026, 13:46:00"
    assert i18n.format_datetime(LAID, "yyyy/MM") == "2026/04"
    assert i18n.format_date(date(2026, 4, 12), "full") == "Sonntag, 12. April 2026"
    assert i18n.format_date(datetime(2026, 4, 12, 23), "short") == "13.04.26"
    assert i18n.format_date(datetime(2026, 4, 12, 23), "short", rebase=False) == "12.04.26"
    assert i18n.format_time(LAID) == "15:46:00"
    assert i18n.format_time(time(13, 46), rebase=False) == "13:46:00"
    assert i18n.format_timedelta(timedelta(days=6)) == "1 Woche"
    assert i18n.format_timedelta(timedelta(days=6), threshold=1) == "6 Tage"


@pytest.mark.usefixtures("german")
def test_numbers_are_in_the_language():
    assert i18n.format_number(1099) == "1.099"
    assert i18n.format_decimal(Decimal("1010.99")) == "1.010,99"
    assert i18n.format_decimal(2.5, "0.00") == "2,50"
    assert i18n.format_currency(1099, "EUR") == "1.099,00\xa0€"
    assert i18n.format_currency(1099, "EUR", format_type="name") == "1.099,00 Euro"
    assert i18n.format_percent(0.19) == "19\xa0%"
    assert i18n.format_scientific(10000) == "1E4"


@pytest.mark.usefixtures("german")
def test_templates_have_them_as_filters():
    source = (
        "{{ d|datetimeformat('short') }}|{{ d|dateformat(format='short') }}|{{ d|timeformat }}|{{ t|timedeltaformat }}"
        "|{{ 1099|numberformat }}|{{ 1.5|decimalformat }}|{{ 3|currencyformat('EUR') }}|{{ 0.5|percentformat }}"
        "|{{ 10|scientificformat }}"
    )
    shown = render_template_string(source, d=LAID, t=timedelta(hours=3))
    assert shown == "12.04.26, 15:46|12.04.26|15:46:00|3 Stunden|1.099|1,5|3,00\xa0€|50\xa0%|1E1"


@pytest.mark.usefixtures("german")
def test_what_was_is_ago_and_what_comes_is_in():
    now = datetime.now(UTC)
    assert i18n.format_timedelta(now - timedelta(hours=3), add_direction=True) == "vor 3 Stunden"
    assert i18n.format_timedelta(now + timedelta(hours=3, seconds=5), add_direction=True) == "in 3 Stunden"
    assert i18n.format_timedelta((now - timedelta(hours=3)).replace(tzinfo=None)) == "3 Stunden"


@pytest.mark.usefixtures("german")
def test_times_go_to_the_users_zone_and_back():
    assert i18n.to_user_timezone(LAID).isoformat() == "2026-04-12T15:46:00+02:00"
    assert i18n.to_utc(datetime(2026, 4, 12, 15, 46)) == LAID
    assert i18n.to_utc(datetime(2026, 4, 12, 15, 46, tzinfo=timezone(timedelta(hours=5)))) == datetime(
        2026, 4, 12, 10, 46
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Asia/Tokyo", "22:46:00"),
        (ZoneInfo("Asia/Tokyo"), "22:46:00"),
        (None, "13:46:00"),
        ("Europe/Nowhere", "13:46:00"),
        ("../../etc/passwd", "13:46:00"),
        ("x" * 10_000, "13:46:00"),
        ("Europe", "13:46:00"),
        ("a\0b", "13:46:00"),
        (7, "13:46:00"),
    ],
)
def test_a_time_zone_that_is_none_is_the_default(make, said, expected):
    with make(
        {"timezone_selector": lambda: said}, BABEL_DEFAULT_LOCALE="de", BABEL_LOCALES=["de"]
    ).test_request_context():
        assert i18n.format_time(LAID) == expected


def test_formats_can_be_changed(make):
    app = make()
    babel = i18n.get_babel(app).instance
    babel.date_formats["datetime"] = "long"
    babel.date_formats["datetime.long"] = "MMMM d, yyyy"
    with app.test_request_context():
        assert i18n.format_datetime(LAID) == "April 12, 2026"


def test_outside_of_any_context_it_is_said_what_is_missing():
    for function in (i18n.format_datetime, i18n.format_date, lambda: i18n.format_number(1)):
        with pytest.raises(RuntimeError, match="context"):
            function()
