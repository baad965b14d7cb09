"""Each request enters at most so many functions: the guard on the hot path, where a clock would not do.

A bound is what the request costs today and a tenth more, at least one call. When one is passed, either
something crept into the path of every request, or it costs more for a reason worth a sentence in the
commit that raises the bound. WSGI is called with sync views, ASGI and RSGI with async ones.
"""

from __future__ import annotations

import pytest
from tests.bench.counting import calls_per_request, driver_for

BOUNDS: dict[tuple[str, str], int] = {
    ("wsgi", "hello"): 6,
    ("wsgi", "params"): 8,
    ("wsgi", "json"): 10,
    ("wsgi", "query"): 17,
    ("wsgi", "form"): 24,
    ("wsgi", "multipart"): 61,
    ("wsgi", "session-read"): 34,
    ("wsgi", "session-write"): 59,
    ("wsgi", "session-idle"): 6,
    ("wsgi", "abort"): 19,
    ("wsgi", "unrouted"): 24,
    ("wsgi", "method"): 26,
    ("wsgi", "page"): 16,
    ("wsgi", "layout"): 28,
    ("wsgi", "stream"): 89,
    ("wsgi", "hooks"): 45,
    ("asgi", "hello"): 6,
    ("asgi", "params"): 8,
    ("asgi", "json"): 10,
    ("asgi", "form"): 48,
    ("asgi", "session-read"): 48,
    ("asgi", "session-write"): 97,
    ("asgi", "abort"): 27,
    ("asgi", "unrouted"): 31,
    ("asgi", "page"): 22,
    ("asgi", "hooks"): 70,
    ("rsgi", "hello"): 10,
    ("rsgi", "params"): 11,
    ("rsgi", "json"): 14,
    ("rsgi", "form"): 50,
    ("rsgi", "session-read"): 46,
    ("rsgi", "session-write"): 94,
    ("rsgi", "abort"): 30,
    ("rsgi", "unrouted"): 34,
    ("rsgi", "page"): 25,
    ("rsgi", "hooks"): 69,
}


@pytest.mark.serial
@pytest.mark.parametrize(("protocol", "case"), list(BOUNDS))
def test_calls_per_request_stay_within_their_bound(protocol: str, case: str) -> None:
    with driver_for(case, protocol, "sync" if protocol == "wsgi" else "async") as (driver, _):
        assert calls_per_request(driver) <= BOUNDS[protocol, case]
