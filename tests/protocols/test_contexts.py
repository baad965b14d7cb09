"""Hooks, view, streamed body and teardown see one and the same request context, in threads and on loops."""

from __future__ import annotations

import pytest
from tests.support.web import new_key

ROOMS = ["sync", "async", "mixed"]


def trail(web, key, steps):
    """The journal once `steps` entries are there, as (names, paths, identities)."""
    assert web.wait_for(key, "teardown") is not None
    entries = web.journal(key)
    for _ in range(40):
        if len(entries) >= steps:
            break
        entries = web.journal(key)
    split = [entry.split() for entry in entries]
    return [e[0] for e in split], {e[1] for e in split}, {e[2] for e in split}


@pytest.mark.parametrize("room", ROOMS)
def test_hooks_view_and_teardown_run_in_order_in_one_context(web, flavour, room):
    key = new_key()
    assert web.get(f"/hooks/{room}/{flavour}?key={key}").text == "seen"
    each = 2 if room == "mixed" else 1
    names, paths, contexts = trail(web, key, 3 * each + 1)
    assert names == ["before"] * each + ["view"] + ["after"] * each + ["teardown"] * each
    assert paths == {f"/hooks/{room}/{flavour}"}
    assert len(contexts) == 1


@pytest.mark.parametrize("room", ROOMS)
def test_a_streamed_body_is_made_in_the_same_context_before_its_end(web, flavour, room):
    key = new_key()
    assert web.get(f"/hooks/{room}/{flavour}-stream?key={key}").text == "seen"
    each = 2 if room == "mixed" else 1
    names, paths, contexts = trail(web, key, 3 * each + 2)
    assert sorted(set(names)) == ["after", "before", "body", "teardown", "view"]
    assert (len(paths), len(contexts)) == (1, 1)


@pytest.mark.parametrize("room", ROOMS)
def test_an_error_handler_sees_that_context_too(web, flavour, room):
    key = new_key()
    answer = web.get(f"/hooks/{room}/{flavour}-fail?key={key}")
    assert (answer.status, answer.text) == (409, "handled")
    each = 2 if room == "mixed" else 1
    names, _, contexts = trail(web, key, 3 * each + 1)
    assert names == ["before"] * each + ["handler"] + ["after"] * each + ["teardown"] * each
    assert len(contexts) == 1


def test_fault_7_a_teardown_that_raises_lets_the_others_run_and_the_response_go(web, flavour):
    key = new_key()
    answer = web.get(f"/dropping/{flavour}?key={key}")
    assert (answer.status, answer.text) == (200, "intact")
    assert web.wait_for(key, "last") == "last"
    assert web.journal(key) == ["first", "last"]
