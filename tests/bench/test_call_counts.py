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
    ("wsgi", "query"): 25,
    ("wsgi", "form"): 37,
    ("wsgi", "multipart"): 60,
    ("wsgi", "session-read"): 50,
    ("wsgi", "session-write"): 86,
    ("wsgi", "session-idle"): 11,
    ("wsgi", "abort"): 22,
    ("wsgi", "unrouted"): 24,
    ("wsgi", "method"): 26,
    ("wsgi", "page"): 19,
    ("wsgi", "layout"): 29,
    ("wsgi", "stream"): 94,
    ("wsgi", "hooks"): 46,
    ("asgi", "hello"): 22,
    ("asgi", "params"): 23,
    ("asgi", "json"): 26,
    ("asgi", "form"): 59,
    ("asgi", "session-read"): 66,
    ("asgi", "session-write"): 123,
    ("asgi", "abort"): 35,
    ("asgi", "unrouted"): 37,
    ("asgi", "page"): 30,
    ("asgi", "hooks"): 79,
    ("rsgi", "hello"): 15,
    ("rsgi", "params"): 16,
    ("rsgi", "json"): 19,
    ("rsgi", "form"): 53,
    ("rsgi", "session-read"): 57,
    ("rsgi", "session-write"): 112,
    ("rsgi", "abort"): 29,
    ("rsgi", "unrouted"): 31,
    ("rsgi", "page"): 24,
    ("rsgi", "hooks"): 68,
}


@pytest.mark.serial
@pytest.mark.parametrize(("protocol", "case"), list(BOUNDS))
def test_calls_per_request_stay_within_their_bound(protocol: str, case: str) -> None:
    with driver_for(case, protocol, "sync" if protocol == "wsgi" else "async") as (driver, _):
        assert calls_per_request(driver) <= BOUNDS[protocol, case]
