"""Topic 29: many visitors at once, each with a request, session and g of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.seed.conftest import Visitor

SAMPLE = "topic_29_threads"
VISITS = 200


def test_requests_at_once_see_their_own_data_and_the_lock_loses_no_count(visit):
    before = int(visit.get("/total?number=0").text)

    def go(number: int) -> bool:
        told = Visitor(visit).get(f"/?number={number}").json
        return told == {"request": str(number), "g": str(number), "session": str(number)}

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(go, range(VISITS)))
    assert int(visit.get("/total?number=0").text) == before + VISITS
