"""Types of arguments: what they take, and what they refuse."""

from __future__ import annotations

import copy
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from demijohn.ext.rest import inputs

MOMENT = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "http://cellar.example", "https://Cellar.Example:8000/a?b=c#d", "ftp://a.example/x", "ftps://a.example",
        "http://localhost/", "http://127.0.0.1:5000", "http://[::1]:80/", "http://ada:secret@cellar.example?x=1",
        "http://ada:@cellar.example.", "http://xn--bcher-kva.example/",
    ],
)  # fmt: skip
def test_a_url_is_taken(value):
    assert inputs.url(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "", "cellar", "http://", "http://cellar", "http://cellar.", "http://.example", "http://-a.example",
        "http://a-.example", "http://a..example", "javascript:alert(1)", "mailto:ada@cellar.example",
        "http://ada@cellar.example", "http://:x@cellar.example", "http://cellar.example/a b", "http://[::1",
        "http://cellar.example\n", "http://a.example:port/", "http://ada:x@y:z@cellar.example",
    ],
)  # fmt: skip
def test_what_is_no_url_is_refused(value):
    with pytest.raises(ValueError, match="is not a valid URL"):
        inputs.url(value)


def test_a_scheme_that_was_forgotten_is_proposed():
    with pytest.raises(ValueError, match=r"Did you mean: http://cellar\.example/a"):
        inputs.url("cellar.example/a")


def test_a_hostile_url_is_refused_in_the_time_of_its_length():
    def cost(length):
        value = "http://" + "a." * length + "!" + ":" * length
        before = time.process_time()
        for _ in range(20):
            with pytest.raises(ValueError, match="not a valid"):
                inputs.url(value)
        return time.process_time() - before

    cost(100)
    assert cost(4000) < 100 * max(cost(400), 0.001)


def test_a_pattern_is_found_in_text_and_copied_with_its_flags():
    pattern = inputs.regex("^[a-z]+$", re.IGNORECASE)
    assert copy.deepcopy(pattern)("ABC") == pattern("ABC") == "ABC"
    with pytest.raises(ValueError, match='does not match pattern: "'):
        pattern("1")
    with pytest.raises(re.error):
        inputs.regex("[")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", True),
        ("FALSE", False),
        ("1", True),
        ("0", False),
        (True, True),
        (False, False),
        (1, True),
        (0, False),
    ],
)
def test_a_boolean_is_read(value, expected):
    assert inputs.boolean(value) is expected


@pytest.mark.parametrize("value", ["", None, "yes", "2", [], 2])
def test_what_is_no_boolean_is_refused(value):
    with pytest.raises(ValueError, match=r"boolean"):
        inputs.boolean(value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (inputs.natural, "0", 0),
        (inputs.positive, "1", 1),
        (inputs.int_range(1, 5), "5", 5),
        (inputs.date, "2024-02-29", datetime(2024, 2, 29)),
        (inputs.datetime_from_rfc822, "Thu, 29 Feb 2024 14:30:00 +0200", MOMENT),
        (inputs.datetime_from_iso8601, "2024-02-29T13:30:00+01:00", MOMENT),
        (inputs.datetime_from_iso8601, "20240229T123000Z", MOMENT),
    ],
)
def test_a_value_is_read(read, value, expected):
    assert read(value) == expected


def test_a_moment_keeps_its_zone():
    assert inputs.datetime_from_iso8601("2024-02-29T13:30:00+01:00").utcoffset() == timedelta(hours=1)
    assert inputs.datetime_from_rfc822("Thu, 29 Feb 2024 14:30:00 +0200").tzinfo == UTC


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (inputs.natural, "-1"), (inputs.natural, "x"), (inputs.natural, None), (inputs.natural, float("inf")),
        (inputs.positive, 0), (inputs.int_range(1, 5), 6), (inputs.date, "2024-02-30"),
        (inputs.datetime_from_rfc822, "yesterday"), (inputs.datetime_from_rfc822, "Thu, 29 Feb 99999 14:30:00 +0000"),
        (inputs.datetime_from_iso8601, "2024-02-29"), (inputs.datetime_from_iso8601, "x"),
    ],
)  # fmt: skip
def test_a_value_that_is_none_is_refused(read, value):
    with pytest.raises(ValueError, match="."):
        read(value)


@pytest.mark.parametrize(
    ("value", "start", "length"),
    [
        ("2024-02-29", datetime(2024, 2, 29), timedelta(days=1)),
        ("2024-02-29T12", datetime(2024, 2, 29, 12), timedelta(hours=1)),
        ("2024-02-29T12Z", datetime(2024, 2, 29, 12), timedelta(hours=1)),
        ("2024-02-29T12:30-07:00", datetime(2024, 2, 29, 19, 30), timedelta(minutes=1)),
        ("20240229T1230", datetime(2024, 2, 29, 12, 30), timedelta(minutes=1)),
        ("2024-02-29T12:30:05.5Z", datetime(2024, 2, 29, 12, 30, 5, 500000), timedelta(seconds=1)),
        ("2024-02-29/2024-03-02", datetime(2024, 2, 29), timedelta(days=2)),
        ("2024-03-02/2024-02-29", datetime(2024, 2, 29), timedelta(days=2)),
        ("2024-02-29/2024-02-29T12:00:00Z", datetime(2024, 2, 29), timedelta(hours=12)),
        ("2024-02-29T12:00+02:00/P1Y2M3DT4H5M6S", datetime(2024, 2, 29, 10), timedelta(428, 14706)),
        ("2024-02-29/P1,5D", datetime(2024, 2, 29), timedelta(days=1.5)),
        ("2024-02-29/P2W", datetime(2024, 2, 29), timedelta(weeks=2)),
        ("PT30M/2024-02-29T12:00", datetime(2024, 2, 29, 11, 30), timedelta(minutes=30)),
    ],
)
def test_an_interval_is_read(value, start, length):
    start = start.replace(tzinfo=UTC)
    assert inputs.iso8601interval(value) == (start, start + length)


@pytest.mark.parametrize(
    "value",
    [
        "", "x", "2024-02-30", "2024-02-29/", "/2024-02-29", "2024-02-29/P", "2024-02-29/PT", "P1D/P1D",
        "9999-12-31/P9999999999D",
    ],
)  # fmt: skip
def test_what_is_no_interval_is_refused(value):
    with pytest.raises(ValueError, match=f"^Invalid span: {re.escape(value)}. span must be a valid ISO8601"):
        inputs.iso8601interval(value, "span")
