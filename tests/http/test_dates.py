from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import http

from demijohn.http.dates import http_date


@given(st.integers(-(10**9), 2**35) | st.floats(-1e9, 1e10))
def test_seconds_are_written_as_werkzeug_writes_them(seconds):
    assert http_date(seconds) == http.http_date(int(seconds // 1))


@pytest.mark.parametrize(
    "when", [date(2030, 1, 2), datetime(2030, 1, 2, 3, 4, 5), datetime(999, 1, 2, tzinfo=UTC)]
)
def test_dates_are_written_as_werkzeug_writes_them(when):
    assert http_date(when) == http.http_date(when)


def test_now_is_the_default():
    earlier = datetime.now(UTC).replace(microsecond=0)
    assert earlier <= http.parse_date(http_date()) <= datetime.now(UTC)
