"""Topic 5: what a context processor returns is there in every template."""

from __future__ import annotations

SAMPLE = "topic_05_context_processor"


def test_the_template_sees_the_user_of_its_request(visit):
    assert visit.get("/?as=Ada").text == "Hello Ada"
    assert visit.get("/").text == "Hello nobody"
