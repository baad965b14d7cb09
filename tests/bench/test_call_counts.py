"""Each request enters at most so many functions: the guard on the hot path, where a clock would not do.

A bound is what the request costs today and a tenth more, at least one call. When one is passed, either
something crept into the path of every request, or it costs more for a reason worth a sentence in the
commit that raises the bound. WSGI is called with sync views, ASGI and RSGI with async ones.
"""

from __future__ import annotations

import pytest
from tests.bench.counting import calls_per_request, driver_for

BOUNDS: dict[tuple[str, str], int] = {
    ("wsgi", "hello"): 11,
    ("wsgi", "params"): 12,
    ("wsgi", "json"): 15,
    ("wsgi", "query"): 27,
    ("wsgi", "form"): 37,
    ("wsgi", "multipart"): 67,
    ("wsgi", "session-read"): 56,
    ("wsgi", "session-write"): 95,
    ("wsgi", "session-idle"): 11,
    ("wsgi", "abort"): 25,
    ("wsgi", "unrouted"): 28,
    ("wsgi", "method"): 30,
    ("wsgi", "page"): 25,
    ("wsgi", "layout"): 37,
    ("wsgi", "stream"): 94,
    ("wsgi", "hooks"): 52,
    ("asgi", "hello"): 8,
    ("asgi", "params"): 9,
    ("asgi", "json"): 12,
    ("asgi", "form"): 51,
    ("asgi", "session-read"): 64,
    ("asgi", "session-write"): 130,
    ("asgi", "abort"): 28,
    ("asgi", "unrouted"): 31,
    ("asgi", "page"): 26,
    ("asgi", "hooks"): 80,
    ("rsgi", "hello"): 10,
    ("rsgi", "params"): 11,
    ("rsgi", "json"): 14,
    ("rsgi", "form"): 51,
    ("rsgi", "session-read"): 60,
    ("rsgi", "session-write"): 121,
    ("rsgi", "abort"): 29,
    ("rsgi", "unrouted"): 33,
    ("rsgi", "page"): 27,
    ("rsgi", "hooks"): 73,
}


@pytest.mark.serial
@pytest.mark.parametrize(("protocol", "case"), list(BOUNDS))
def test_calls_per_request_stay_within_their_bound(protocol: str, case: str) -> None:
    with driver_for(case, protocol, "sync" if protocol == "wsgi" else "async") as (driver, _):
        assert calls_per_request(driver) <= BOUNDS[protocol, case]
