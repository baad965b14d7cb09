from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from demijohn.http import ranges as module
from demijohn.http.ranges import content_range, if_range_matches, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=50-1000", [(50, 100)]),
        ("bytes=0-0, 99-", [(0, 1), (99, 100)]),
        ("Bytes = 1-2", [(1, 3)]),
        ("bytes=90-99,0-9", [(90, 100), (0, 10)]),
        ("bytes=0-9,200-300", [(0, 10)]),
    ],
)
def test_ranges_within_the_length(header, expected):
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "items=0-9",
        "bytes=",
        "bytes=a-b",
        "bytes=-",
        "bytes=1-2-3",
        "bytes=0-9,",
        "bytes=0x1-2",
        "bytes=+1-2",
        "bytes=--1",
    ],
)
def test_malformed_or_foreign_header_is_ignored(header):
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=200-300,400-500"])
def test_ranges_beyond_the_end_cannot_be_satisfied(header):
    with pytest.raises(RequestedRangeNotSatisfiable) as caught:
        parse_range(header, 100)
    assert caught.value.get_headers()[-1] == ("Content-Range", "bytes */100")


def test_nothing_can_be_taken_from_an_empty_representation():
    with pytest.raises(RequestedRangeNotSatisfiable):
        parse_range("bytes=0-", 0)


@pytest.mark.parametrize(
    "header",
    [
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 20_000, 2)),
        "bytes=" + ",".join(["0-"] * 10),
        "bytes=0-50,50-60",
        "bytes=9-2",
        "bytes=5-4",
        "bytes=٠-٩",
        "bytes=０-９",
        "bytes=²-3",
        "bytes=" + "9" * 5000 + "-",
        "bytes=0-" + "9" * 19,
    ],
    ids=[
        "10k",
        "same",
        "overlapping",
        "inverted",
        "empty",
        "arabic",
        "fullwidth",
        "superscript",
        "digits",
        "long",
    ],
)
def test_case_58_hostile_ranges_are_ignored(header):
    assert parse_range(header, 100) is None


def test_case_58_ten_thousand_ranges_are_not_parsed(monkeypatch):
    monkeypatch.setattr(module, "_range", None)  # not one is looked at
    assert parse_range("bytes=" + "0-0," * 10_000, 100) is None
    assert parse_range("bytes=" + "," * 100, 100) is None


@given(st.text(alphabet="bytes=0123-, ٣", max_size=20), st.integers(0, 30))
def test_ranges_always_lie_within_and_apart(text, length):
    try:
        ranges = parse_range("bytes=" + text, length)
    except RequestedRangeNotSatisfiable:
        return
    seen = set()
    for start, stop in ranges or []:
        assert 0 <= start < stop <= length
        assert not seen & set(range(start, stop))
        seen |= set(range(start, stop))


def test_content_range_counts_inclusively():
    assert content_range(0, 10, 100) == "bytes 0-9/100"


MODIFIED = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "etag", "matches"),
    [
        (None, '"x"', True),
        ("", '"x"', True),
        ('"x"', '"x"', True),
        ('"y"', '"x"', False),
        ('W/"x"', '"x"', False),
        ('W/"x"', 'W/"x"', False),
        ('"x"', 'W/"x"', False),
        ('"x"', None, False),
        ("Tue, 02 Jan 2024 03:04:05 GMT", None, True),
        ("Tue, 02 Jan 2024 03:04:06 GMT", None, False),
        ("nonsense", '"x"', False),
        ("x" * 60_000, '"x"', False),
    ],
)
def test_if_range(header, etag, matches):
    assert if_range_matches(header, etag, MODIFIED) is matches


def test_if_range_date_without_a_date_to_compare():
    assert not if_range_matches("Tue, 02 Jan 2024 03:04:05 GMT")
