from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import EnvironHeaders, Headers

from demijohn.http.headers import ScopeHeaders
from demijohn.http.proxy import ForwardedOrigin, TrustedProxies, forwarded_origin

ALL = TrustedProxies(x_for=1, x_proto=1, x_host=1, x_port=1, x_prefix=1)
NOTHING = ForwardedOrigin()
X_HEADERS = Headers(
    {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "HTTPS",
        "X-Forwarded-Host": "a.example:8443",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Prefix": "/app/",
        "Forwarded": "for=198.51.100.7;proto=http;host=b.example",
    }
)


def test_case_4_nothing_is_believed_unless_configured():
    assert forwarded_origin("10.0.0.2", X_HEADERS, TrustedProxies()) == NOTHING


def test_one_proxy():
    origin = forwarded_origin("10.0.0.2", X_HEADERS, ALL)
    assert origin == ForwardedOrigin("203.0.113.9", "https", "a.example:8443", 8443, "/app")


def test_only_what_is_configured_is_believed():
    assert forwarded_origin(None, X_HEADERS, TrustedProxies(x_proto=1)) == ForwardedOrigin(scheme="https")


@pytest.mark.parametrize("peer", ["192.0.2.1", "fe80::1", None, "unix:", "10.0.0.256"])
def test_case_4_untrusted_peer_is_ignored(peer):
    assert forwarded_origin(peer, X_HEADERS, TrustedProxies(x_for=1, peers=("10.0.0.0/8",))) == NOTHING


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::5"])
def test_trusted_peer_is_believed(peer):
    settings = TrustedProxies(x_for=1, peers=("10.0.0.0/8", "2001:db8::/32"))
    assert forwarded_origin(peer, X_HEADERS, settings).client == "203.0.113.9"


@pytest.mark.parametrize(
    ("hops", "client"), [(1, "192.0.2.3"), (2, "192.0.2.2"), (3, "192.0.2.1"), (4, None)]
)
@pytest.mark.parametrize("split", [False, True])
def test_case_4_nth_from_the_right_counts(hops, client, split):
    entries = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    headers = Headers()
    for line in entries if split else [", ".join(entries)]:
        headers.add("X-Forwarded-For", line)
    assert forwarded_origin(None, headers, TrustedProxies(x_for=hops)).client == client
    headers = Headers()
    for line in entries if split else [", ".join(entries)]:
        headers.add("Forwarded", ", ".join(f"for={address}" for address in line.split(", ")))
    assert forwarded_origin(None, headers, TrustedProxies(forwarded=hops)).client == client


@pytest.mark.parametrize(
    "headers",
    [
        EnvironHeaders({"HTTP_X_FORWARDED_FOR": "192.0.2.1,192.0.2.2"}),
        ScopeHeaders([(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-for", b"192.0.2.2")]),
    ],
)
def test_headers_of_every_interface_are_read(headers):
    assert forwarded_origin(None, headers, TrustedProxies(x_for=1)).client == "192.0.2.2"


def test_case_10_underscores_are_another_header():
    settings = TrustedProxies(x_for=1)
    assert forwarded_origin(None, Headers({"X_Forwarded_For": "6.6.6.6"}), settings) == NOTHING
    assert forwarded_origin(None, ScopeHeaders([(b"x_forwarded_for", b"6.6.6.6")]), settings) == NOTHING


def forwarded(value, hops=1):
    return forwarded_origin(None, Headers({"Forwarded": value}), TrustedProxies(forwarded=hops))


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", ForwardedOrigin("192.0.2.60", "http")),
        ('For="[2001:db8:cafe::17]:4711"', ForwardedOrigin("2001:db8:cafe::17")),
        ('for="192.0.2.1:80" ; host="a.example:8000"', ForwardedOrigin("192.0.2.1", None, "a.example:8000")),
        ("for=unknown", NOTHING),
        ("for=_hidden;proto=https", ForwardedOrigin(None, "https")),
        ('host="a\\.example"', ForwardedOrigin(host="a.example")),
        ("for", NOTHING),
        ("for=192.0.2.1 x", NOTHING),
        ('for="192.0.2.1', NOTHING),
    ],
)
def test_forwarded(value, origin):
    assert forwarded(value) == origin


@pytest.mark.parametrize("by_client", ['for="', "for=a b", ",,,", '"', 'for="1.1.1.1', "for=6.6.6.6"])
def test_case_4_client_cannot_hide_what_a_proxy_appended(by_client):
    assert forwarded(f"{by_client}, for=192.0.2.1").client == "192.0.2.1"


@pytest.mark.parametrize("value", ["javascript", "", "ftp", "https http"])
def test_other_schemes_are_not_taken_over(value):
    assert forwarded_origin(None, Headers({"X-Forwarded-Proto": value}), ALL).scheme is None


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8 0", "８０", "9" * 5000, ""])
def test_impossible_port_is_not_taken_over(value):
    assert forwarded_origin(None, Headers({"X-Forwarded-Port": value}), ALL).port is None


@pytest.mark.parametrize(
    "value", ["//evil.example", "app", "/a\\b", "/a//b", "/a?b", "/a b", "/" + "a" * 3000, "/"]
)
def test_prefix_that_is_no_path_is_not_taken_over(value):
    assert forwarded_origin(None, Headers({"X-Forwarded-Prefix": value}), ALL).prefix is None


@pytest.mark.parametrize(
    ("value", "client"),
    [
        ("192.0.2.1:5678", "192.0.2.1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("unknown", None),
        ("x" * 60_000, None),
    ],
)
def test_client_is_an_address_without_its_port(value, client):
    assert forwarded_origin(None, Headers({"X-Forwarded-For": value}), ALL).client == client


@given(st.text(alphabet='for=proto;host:"\\,[] 12.\t', max_size=40))
def test_any_header_has_an_answer(value):
    headers = Headers({"Forwarded": value, "X-Forwarded-For": value})
    for settings in (TrustedProxies(forwarded=2), TrustedProxies(x_for=2)):
        assert isinstance(forwarded_origin(None, headers, settings), ForwardedOrigin)


@pytest.mark.parametrize("settings", [{"x_for": -1}, {"peers": ("not an address",)}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match="negative|not an address"):
        TrustedProxies(**settings)
