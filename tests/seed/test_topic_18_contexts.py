"""Topic 18: current_app and request are there in a view, and can be pushed by hand."""

from __future__ import annotations

import pytest

from demijohn import current_app, request

SAMPLE = "topic_18_contexts"


def test_the_view_sees_the_application_and_the_request(visit):
    assert visit.get("/").text == f"Application: {SAMPLE}, Request Method: GET"


def test_contexts_can_be_pushed_and_popped_as_needed(load):
    app = load(SAMPLE).app
    with app.app_context():
        assert current_app.name == SAMPLE
        with pytest.raises(RuntimeError):
            request.method  # noqa: B018
    with app.test_request_context("/", method="POST"):
        assert (current_app.name, request.method) == (SAMPLE, "POST")
    with pytest.raises(RuntimeError):
        current_app.name  # noqa: B018
