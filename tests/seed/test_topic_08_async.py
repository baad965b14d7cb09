"""Topic 8: `async def` views and hooks run under every server (the Socket.IO sample has a room of its own)."""

from __future__ import annotations

SAMPLE = "topic_08_async"


def test_an_async_view_answers_with_what_an_async_hook_prepared(visit):
    answer = visit.get("/")
    assert answer.text == "awaited /"
    assert answer.header("X-Seen") == "/"


def test_an_async_view_may_wait_for_several_things_at_once(visit):
    assert visit.get("/both").json == ["one", "two"]


def test_a_plain_view_lives_beside_it(visit):
    assert visit.get("/plain").text == "not awaited /plain"
