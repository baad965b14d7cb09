from __future__ import annotations

import pytest
from werkzeug.exceptions import BadRequest, SecurityError

from demijohn.http import host as module
from demijohn.http.host import get_host, host_is_trusted, is_valid_host

MALFORMED = [
    "a/?x=", "a#",
    "a\\b", "u@a", "a,b", "[::1", "", "a:99999", "a:0", "a:", "a:08", "a b", " a", "a\n", "a\0",
    "a?b", "::1", "[::1]x",
    "[]", "[g::1]", "a:80:80", "a..b", ".a", "é.example", "a:８０", "a%41", "a" * 70_000,
]  # fmt: skip
WELL_FORMED = [
    "a",
    "a.example",
    "A.example:8000",
    "127.0.0.1:5000",
    "[::1]:80",
    "[::ffff:1.2.3.4]",
    "my_app:1",
    "a.",
]


@pytest.mark.parametrize("host", MALFORMED)
def test_case_1_malformed_host_is_a_bad_request(host):
    assert not is_valid_host(host)
    assert not host_is_trusted(host)
    with pytest.raises(BadRequest) as caught:
        get_host("http", host)
    assert caught.value.code == 400


@pytest.mark.parametrize("host", WELL_FORMED)
def test_well_formed_host_is_returned_as_sent(host):
    assert is_valid_host(host)
    assert get_host("https", host) == host


def test_case_1_default_port_does_not_hide_a_malformed_host():
    with pytest.raises(BadRequest):
        get_host("http", "u@a:80")
    with pytest.raises(BadRequest):
        get_host("http", ":80")


def test_case_2_unlisted_host_is_a_bad_request():
    with pytest.raises(SecurityError) as caught:
        get_host("http", "evil.example", None, ["a.example"])
    assert caught.value.code == 400


def test_case_2_missing_host_is_on_no_list():
    with pytest.raises(SecurityError):
        get_host("http", None, None, ["a.example"])


@pytest.mark.parametrize(
    "host", ["aXexample", "a.example.", "a.example:99999", "xa.example", "a.example.evil", "b.a.example"]
)
def test_case_3_list_matches_literally(host):
    assert not host_is_trusted(host, ["a.example"])


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("A.EXAMPLE", "a.example"),
        ("a.example", "A.Example"),
        ("a.example:8000", "a.example"),
        ("a.example", ".a.example"),
        ("b.c.a.example", ".a.example"),
        ("a.example:8000", "a.example:8000"),
        ("[::1]:5000", "[::1]"),
        ("[::1]:5000", "[::1]:5000"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("a.example", "a.example:443"),
    ],
)
def test_case_3_listed_host_is_trusted(host, entry):
    assert host_is_trusted(host, [entry])
    assert host_is_trusted(host, entry)


@pytest.mark.parametrize(
    ("host", "entry", "scheme"),
    [
        ("a.example:8001", "a.example:8000", None),
        ("a.example", "a.example:8000", None),
        ("a.example", "a.example:443", "http"),
        ("xa.example", ".a.example", None),
    ],
)
def test_case_3_entry_with_a_port_is_for_that_port(host, entry, scheme):
    assert not host_is_trusted(host, [entry], scheme)


def test_default_port_is_left_out():
    assert get_host("http", "a:80") == get_host("wss", "a:443") == "a"
    assert get_host("http", "a:443") == "a:443"
    assert get_host("https", "a.example:443", None, ["a.example:443"]) == "a.example"


def test_server_address_stands_in_for_a_missing_header():
    assert get_host("http", None, ("a.example", 80)) == "a.example"
    assert get_host("http", None, ("::1", 8000)) == "[::1]:8000"
    assert get_host("http", None, ("/run/app.sock", None)) == ""
    assert get_host("http", None) == ""


def test_many_hosts_do_not_fill_memory():
    for number in range(1000):
        is_valid_host(f"h{number}.example")
    is_valid_host("x" * 1_000_000)
    assert len(module._validity) <= module._CACHE_SIZE
    assert max(map(len, module._validity)) <= module._LONGEST


def test_entry_that_is_no_host_name_is_an_error_in_the_list():
    with pytest.raises(ValueError, match="Trusted host"):
        host_is_trusted("a.example", ["ü..example"])
