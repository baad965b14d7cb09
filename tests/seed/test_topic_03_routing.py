"""Topic 3: each URL is answered by its view function."""

from __future__ import annotations

SAMPLE = "topic_03_routing"


def test_the_root_is_answered_by_home(visit):
    assert visit.get("/").text == "Welcome to the homepage!"


def test_about_is_answered_by_about(visit):
    assert visit.get("/about").text == "This is the about page."


def test_any_other_url_is_404(visit):
    assert visit.get("/elsewhere").status == 404
