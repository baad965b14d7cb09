"""Topic 20: what is put into the session comes back with the next request of the same visitor."""

from __future__ import annotations

from tests.seed.conftest import Visitor

SAMPLE = "topic_20_sessions"


def test_the_session_remembers_its_visitor(visitor):
    assert visitor.get("/set").text == "Session set"
    assert visitor.get("/get").text == "Username: John"


def test_another_visitor_has_another_session(visitor, visit):
    visitor.get("/set")
    assert Visitor(visit).get("/get").text == "Username: None"
