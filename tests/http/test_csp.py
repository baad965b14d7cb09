"""Content-Security-Policy: what is written, and what would break out of its place."""

from __future__ import annotations

import pytest

from demijohn.http.csp import DEFAULT, Policy, parse_policy


def test_a_policy_is_written_in_its_order():
    policy = Policy({"default-src": ["'self'"], "IMG-SRC": "* data:", "upgrade-insecure-requests": []})
    assert policy.text() == "default-src 'self'; img-src * data:; upgrade-insecure-requests"


def test_the_nonce_stands_in_each_place_for_it():
    policy = Policy({"script-src": ["'self'", "'nonce'"], "style-src": ["'nonce'"]})
    assert policy.wants_nonce
    assert policy.text("abc") == "script-src 'self' 'nonce-abc'; style-src 'nonce-abc'"
    assert policy.text() == "script-src 'self'; style-src 'none'"


@pytest.mark.parametrize(
    "given", ["default-src 'self'; script-src 'nonce'", {"default-src": "'self'", "script-src": "'nonce'"}]
)
def test_a_text_and_a_dictionary_say_the_same(given):
    assert parse_policy(given).text("x") == "default-src 'self'; script-src 'nonce-x'"


def test_a_directive_that_is_none_is_left_out():
    assert Policy({**DEFAULT, "object-src": None}).text() == "frame-ancestors 'self'; base-uri 'self'"


def test_replacing_leaves_the_others_as_they_are():
    policy = Policy({"script-src": ["'nonce'"], "style-src": ["'nonce'"], "img-src": ["*"]})
    replaced = policy.replaced({"Script-Src": ["'unsafe-inline'", "'nonce'"], "img-src": None})
    assert replaced.text("x") == "script-src 'unsafe-inline'; style-src 'nonce-x'"
    assert policy.text("x") == "script-src 'nonce-x'; style-src 'nonce-x'; img-src *"


@pytest.mark.parametrize("source", ["a b", "a;b", "a,b", "a\nb", "a\0", "é", ""])
def test_case_42_a_source_that_would_break_out_is_refused(source):
    with pytest.raises(ValueError, match="script-src"):
        Policy({"script-src": [source]})


@pytest.mark.parametrize("name", ["script src", "script-src;", "", "script\n", "1"])
def test_case_42_a_directive_that_would_break_out_is_refused(name):
    with pytest.raises(ValueError, match="directive"):
        Policy({name: []})


def test_what_is_no_policy_is_refused():
    with pytest.raises(TypeError, match="'strict'"):
        parse_policy(5)
