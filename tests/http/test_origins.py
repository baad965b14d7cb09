from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.http.origins import is_origin_of, vouched

HOST = "a.example"


@pytest.mark.parametrize("origin", [None, "https://a.example", "https://e.example", "null"])
def test_case_38_fetch_metadata_goes_before_the_origin(origin):
    assert vouched("same-origin", origin, HOST) is True
    assert vouched("cross-site", origin, HOST) is False
    assert vouched("same-site", origin, HOST) is False
    assert vouched("none", origin, HOST) is None


def test_without_either_field_nobody_vouches():
    assert vouched(None, None, HOST) is None


@pytest.mark.parametrize("unknown", ["", "elsewhere", "Same-Origin", "same-origin, cross-site"])
def test_a_word_that_is_none_of_the_standard_leaves_it_to_the_origin(unknown):
    assert vouched(unknown, None, HOST) is None
    assert vouched(unknown, "http://a.example", HOST) is True
    assert vouched(unknown, "http://e.example", HOST) is False


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://a.example", "a.example"),
        ("https://a.example", "a.example"),  # the TLS proxy did not say https: the schemes are not compared
        ("https://a.example", "a.example:443"),
        ("http://a.example:80", "a.example"),
        ("http://a.example:5000", "a.example:5000"),
        ("https://a.example:5000", "a.example:5000"),
        ("HTTPS://A.Example", "a.example"),
        ("http://192.168.1.20", "192.168.1.20"),
        ("http://[::1]:5000", "[::1]:5000"),
        ("http://xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_an_origin_with_the_host_of_the_request_is_vouched_for(origin, host):
    assert vouched(None, origin, host) is True


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "a.example"),
        ("null", "null"),
        ("", "a.example"),
        ("", ""),
        ("http://", ""),
        ("a.example", "a.example"),
        ("//a.example", "a.example"),
        ("https://e.example", "a.example"),
        ("https://b.a.example", "a.example"),
        ("https://a.example", "b.a.example"),
        ("https://a.example.", "a.example"),
        ("https://a.example:8443", "a.example"),
        ("https://a.example", "a.example:8443"),
        ("https://a.example", "a.example:80"),
        ("http://a.example", "a.example:443"),
        ("http://a.example:443", "a.example"),
        ("https://a.example/", "a.example"),
        ("https://u@a.example", "a.example"),
        ("https://a.example#", "a.example"),
        ("https://a.example https://a.example", "a.example"),
        ("https://a.example, https://a.example", "a.example"),
        (" https://a.example", "a.example"),
        ("https://a.example\n", "a.example"),
        ("https://[::1", "[::1"),
    ],
)
def test_case_38_an_origin_of_another_host_or_port_or_none_at_all_is_foreign(origin, host):
    assert vouched(None, origin, host) is False


pieces = st.sampled_from(
    ["http", "https", "://", ":", "80", "443", "a", ".", "example", "a.example", "/", "@", "#", " ", "e"]
)


@given(st.lists(pieces, max_size=8).map("".join) | st.text(max_size=40))
def test_whatever_is_taken_for_an_origin_of_the_host_is_that_host(text):
    if is_origin_of(text, HOST):
        assert re.fullmatch(r"[a-z]+://a\.example|http://a\.example:80|https://a\.example:443", text.lower())
