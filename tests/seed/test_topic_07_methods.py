"""Topic 7: the methods of a route are those it lists."""

from __future__ import annotations

import pytest

SAMPLE = "topic_07_methods"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_each_method_has_its_view(visit, method):
    assert visit.request(method, "/").text == method


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_view_may_take_several(visit, method):
    assert visit.request(method, "/several").text == f"several: {method}"


def test_a_method_that_is_not_listed_is_405_and_the_answer_says_which_are(visit):
    answer = visit.request("PUT", "/several")
    assert answer.status == 405
    assert set(answer.header("Allow").split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_the_short_form_takes_its_method_only(visit):
    assert visit.request("PUT", "/short").text == "short PUT"
    assert visit.get("/short").status == 405
