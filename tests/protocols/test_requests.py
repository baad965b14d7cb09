"""What a view sees of a request is the same whichever way the request came."""

from __future__ import annotations

import pytest

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def headers_of(answer, name):
    return [value for key, value in answer.json["headers"] if key.lower() == name.lower()]


@pytest.mark.parametrize("method", METHODS)
def test_the_method_arrives(web, flavour, method):
    assert web.request(method, f"/{flavour}/echo").json["method"] == method


def test_a_known_path_with_another_method_is_405_and_names_those_allowed(web):
    answer = web.request("DELETE", "/s/json")
    assert answer.status == 405
    assert set(answer.header("Allow").split(", ")) == {"OPTIONS", "POST"}


def test_options_is_answered_with_the_allowed_methods(web):
    answer = web.request("OPTIONS", "/slashed/")
    assert answer.status == 200
    assert set(answer.header("Allow").split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.body == b""


@pytest.mark.parametrize("method", ["BREW", "HELPER", "PROPFIND"])
def test_case_7_an_unknown_method_is_405(web, method):
    assert web.request(method, "/slashed/").status == 405


def test_a_header_arrives_with_its_value(web, flavour):
    answer = web.get(f"/{flavour}/echo", [("X-Word", "value with spaces")])
    assert headers_of(answer, "X-Word") == ["value with spaces"]


def test_a_header_sent_twice_keeps_both_values_in_order(web):
    answer = web.get("/s/echo", [("X-Many", "one"), ("X-Many", "two")])
    joined = ",".join(headers_of(answer, "X-Many"))
    assert [value.strip() for value in joined.split(",")] == ["one", "two"]


def test_two_cookie_headers_are_one_list_of_cookies(web):
    """HTTP/2 may split the header (RFC 9113 section 8.2.3). A WSGI server has joined it before we see it."""
    if web.kind == "wsgi":
        return
    answer = web.get("/s/echo", [("Cookie", "a=1"), ("Cookie", "b=2")])
    assert answer.json["cookies"] == {"a": "1", "b": "2"}


def test_a_header_value_beyond_ascii_is_latin_1_or_absent(web):
    values = headers_of(web.get("/s/echo", [("X-Word", "caf\u00e9")]), "X-Word")
    # Granian loses such a value on its WSGI and RSGI interfaces; everywhere else the bytes arrive unchanged.
    assert values == {"granian-wsgi": [""], "granian-rsgi": [], "rsgi": []}.get(web.name, ["caf\u00e9"])


@pytest.mark.parametrize("name", ["Content-Type", "Accept", "User-Agent", "Referer"])
def test_common_headers_arrive(web, name):
    assert headers_of(web.get("/s/echo", [(name, "text/x-test")]), name) == ["text/x-test"]


def test_the_query_string_is_decoded_with_repeats_and_blanks(web, flavour):
    answer = web.get(f"/{flavour}/echo?a=1&a=2&b=&word=caf%C3%A9+au+lait&amp=%26")
    assert answer.json["args"] == {"a": ["1", "2"], "b": [""], "word": ["caf\u00e9 au lait"], "amp": ["&"]}


def test_case_9_a_semicolon_never_separates_fields(web):
    assert web.get("/s/echo?a=1;b=2").json["args"] == {"a": ["1;b=2"]}


def test_case_9_more_than_1000_query_fields_are_400(web):
    assert web.get("/s/echo?" + "&".join("a=1" for _ in range(1001))).status == 400


def test_a_utf_8_path_is_decoded(web, flavour):
    answer = web.get(f"/{flavour}/echo/caf%C3%A9/%E2%82%AC")
    assert answer.json["path"] == f"/{flavour}/echo/caf\u00e9/\u20ac"
    assert answer.json["view_args"] == {"rest": "caf\u00e9/\u20ac"}


def test_a_path_that_is_not_utf_8_is_an_answer_not_a_crash(web):
    assert web.get("/s/echo/%ff%fe").status in (200, 400, 404)


def test_case_6_an_encoded_slash_is_decoded_once(web):
    answer = web.get("/s/echo/a%2Fb%252Fc")
    assert answer.json["path"] == "/s/echo/a/b%2Fc"
    assert answer.json["view_args"] == {"rest": "a/b%2Fc"}


def test_case_6_an_encoded_line_break_is_routed_as_what_it_is_or_not_at_all(web):
    answer = web.get("/s/echo/a%0ab")
    assert answer.status == 404 or answer.json["view_args"] == {"rest": "a\nb"}


def test_dot_segments_are_not_resolved_by_the_application(web):
    assert web.get("/s/echo/a/%2e%2e/b").json["path"] == "/s/echo/a/../b"


def test_host_url_and_scheme_are_those_the_client_asked_for(web, flavour):
    seen = web.get(f"/{flavour}/echo?x=1", [("Host", "shop.example:8080")]).json
    assert seen["host"] == "shop.example:8080"
    assert seen["url"] == f"http://shop.example:8080/{flavour}/echo?x=1"
    assert seen["base_url"] == f"http://shop.example:8080/{flavour}/echo"
    assert (seen["scheme"], seen["is_secure"], seen["script_root"]) == ("http", False, "")


def test_the_remote_address_is_the_peers(web, flavour):
    assert web.get(f"/{flavour}/echo").json["remote_addr"] == "127.0.0.1"


def test_case_4_forwarded_headers_from_an_untrusted_peer_are_ignored(web):
    forged = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Host", "evil.example"),
        ("Host", "own.example"),
    ]
    seen = web.get(
        "/s/echo", [*forged, ("X-Forwarded-Prefix", "/evil"), ("Forwarded", "for=203.0.113.9")]
    ).json
    assert (seen["remote_addr"], seen["host"], seen["script_root"]) == ("127.0.0.1", "own.example", "")


def test_case_10_an_underscored_header_does_not_pass_for_the_real_one(web):
    answer = web.get("/s/echo", [("X_Forwarded_For", "203.0.113.9")])
    if web.name in ("wsgi", "granian-wsgi"):
        # An environ has one key for both, and Granian fills it with either. At least nobody believes it.
        assert answer.json["remote_addr"] == "127.0.0.1"
        return
    if answer.status == 200:  # some servers refuse the request themselves
        assert headers_of(answer, "X-Forwarded-For") == []


def test_case_5_a_slash_redirect_never_leads_to_another_host(web):
    answer = web.get("//evil.example/x")
    location = answer.header("Location") or "/"
    assert not location.startswith(("//", "/\\"))
    assert "://evil.example" not in location


def test_a_missing_trailing_slash_redirects_within_the_host(web):
    answer = web.get("/slashed?x=1", [("Host", "own.example")])
    assert answer.status == 308
    assert answer.header("Location") in ("http://own.example/slashed/?x=1", "/slashed/?x=1")


def test_case_8_an_integer_segment_of_5000_digits_is_404(web):
    # Gunicorn's own limit for a request line is shorter than that: it answers 414.
    assert web.get("/s/number/" + "9" * 5000).status == (414 if web.name == "gunicorn" else 404)


def test_an_unrouted_path_is_404(web):
    assert web.get("/nowhere").status == 404


BAD_HOSTS = ["a/?x=", "a#", "a\\b", "u@a", "a,b", "[::1", "a b", "a:port", "a:99999"]


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_case_1_a_malformed_host_is_400_before_routing(web, host):
    assert web.get("/nowhere", [("Host", host)]).status == 400


def test_case_1_an_empty_host_is_400(web):
    assert web.get("/nowhere", [("Host", "")]).status == 400


@pytest.mark.parametrize("fields", ["", "Host:\r\n"], ids=["none", "empty"])
def test_a_request_of_http_1_0_without_a_host_is_answered_in_the_servers_own_name(wire, flavour, fields):
    """What simple health checks of load balancers send."""
    answer = wire.raw(f"GET /{flavour}/echo HTTP/1.0\r\n{fields}\r\n".encode())
    if fields and wire.name in ("gunicorn", "hypercorn", "uvicorn"):
        return  # a field that was sent is the client's; these can tell the two apart
    assert answer is not None
    assert answer.status == 200
    name = answer.json["host"].partition(":")[0]
    assert name in (wire.server.host, "localhost")


def test_a_request_of_http_1_1_without_a_host_is_400(wire):
    answer = wire.raw(b"GET /s/echo HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer is not None
    assert answer.status == 400


def test_cookies_arrive(web, flavour):
    assert web.get(f"/{flavour}/echo", [("Cookie", "a=1; b=x%20y")]).json["cookies"] == {
        "a": "1",
        "b": "x%20y",
    }


def test_case_26_nameless_prefix_cookie_is_dropped(web):
    cookies = web.get("/s/echo", [("Cookie", "=__Host-s=x; ok=1")]).json["cookies"]
    assert cookies == {"ok": "1"}


def test_case_27_a_control_character_in_a_cookie_name_drops_the_cookie(web):
    answer = web.get("/s/echo", [("Cookie", "ok=1; b\tad=2")])
    assert answer.json["cookies"] == {"ok": "1"}


def test_case_29_a_cookie_of_60_kb_of_quoted_backslashes_is_no_burden(web):
    answer = web.get("/s/echo", [("Cookie", 'a="' + "\\\\" * 30_000 + '"')])
    assert answer.status in (200, 400, 431)
