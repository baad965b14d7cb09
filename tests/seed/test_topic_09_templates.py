"""Topic 9: a template is filled with what the view passes to it."""

from __future__ import annotations

SAMPLE = "topic_09_templates"


def test_the_placeholder_is_replaced(visit):
    assert visit.get("/Ada").text.strip() == "<h1>Hello, Ada!</h1>Welcome to my website."


def test_what_a_visitor_sends_is_escaped(visit):
    assert "<h1>Hello, &lt;script&gt;!</h1>" in visit.get("/%3Cscript%3E").text
