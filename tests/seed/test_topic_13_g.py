"""Topic 13: g lives for one request, the session for one visitor."""

from __future__ import annotations

SAMPLE = "topic_13_g"


def test_the_view_sees_what_the_hook_put_into_g(visit):
    assert visit.get("/user").text == "User: John"


def test_g_is_new_in_each_request_and_the_session_is_not(visitor):
    assert [visitor.get("/count").json for _ in range(3)] == [
        {"g": 1, "session": 1},
        {"g": 1, "session": 2},
        {"g": 1, "session": 3},
    ]
