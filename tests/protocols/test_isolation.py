"""Requests at the same time never see each other's request, session or `g` (case 71, fault 12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

WORKERS = 16
REQUESTS = 240


@pytest.mark.parametrize(
    "kinds", [["s"], ["a"], ["s", "a", "s-stream", "a-stream"]], ids=["sync", "async", "mixed"]
)
def test_case_71_requests_at_the_same_time_share_nothing(web, kinds):
    def ask(number):
        mark = f"m{number}"
        answer = web.get(f"/own/{kinds[number % len(kinds)]}?mark={mark}")
        return mark, answer.status, answer.text.split(), answer.header("X-Mark")

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(ask, range(REQUESTS)))
    for mark, status, words, shown in answers:
        assert (status, words, shown) == (200, [mark] * 4, " ".join([mark] * 3))
