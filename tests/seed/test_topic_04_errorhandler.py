"""Topic 4: error handlers answer for status codes."""

from __future__ import annotations

import pytest

SAMPLE = "topic_04_errorhandler"


@pytest.mark.parametrize("path", ["/nowhere", "/gone-on-purpose"])
def test_the_handler_answers_every_404(visit, path):
    answer = visit.get(path)
    assert (answer.status, answer.text) == (404, "This page does not exist")


def test_the_handler_of_403_answers(visit):
    answer = visit.get("/forbidden")
    assert (answer.status, answer.text) == (403, "Not for you")


def test_the_handler_of_500_answers_for_an_exception(visit):
    answer = visit.get("/broken")
    assert (answer.status, answer.text) == (500, "Something broke")
