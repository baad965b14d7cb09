from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from demijohn.http.redirects import check_location, clean_location, is_safe_url, safe_redirect_target

HOST = "a.example"
UNSAFE = [
    None, "", "//e", "/\\e", "/////e", "///e", "\\\\e", "\\e", "https:e", "http:/e", "http:///e", "https:////e",
    "\x01//e", "\t//e", " //e", "\n//e", "/\t/e", "/\n/e", "//e\\@a.example", "javascript:alert(1)",
    "JavaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "mailto:a@a.example", "ftp://a.example/",
    "http://e", "http://e/", "http://a.example.e/", "http://a.example@e/", "http://e\\@a.example/",
    "http://a.example:80@e/", "http://e#@a.example", "http://e?a.example", "http://a.example:8080/", "http://[::1",
    "http://a.example\\.e/", "http:a.example", "blob:http://a.example/", "/a\r\nSet-Cookie: x=1", "/a\0", "/a ",
    "http://ａ.example/", "//a.example/", "\u3000//e", "/\u202ee",
]  # fmt: skip
SAFE = [
    "/", "/a", "/a?b=//e", "/a#//e", "a", "a/b:c", "./a:b", "../a", "?next=http://e/", "#x:y", "/é", "/a b",
    "http://a.example", "https://a.example/x?y#z", "HTTP://A.Example/", "http://a.example:80/", "https://a.example:443",
    "/http://e", "a?u=b:c",
]  # fmt: skip


@pytest.mark.parametrize("target", UNSAFE)
def test_case_41_target_that_may_leave_the_site_is_refused(target):
    assert not is_safe_url(target, HOST)
    assert safe_redirect_target(target, "/home", HOST) == "/home"


@pytest.mark.parametrize("target", SAFE)
def test_case_41_safe_target_is_sent_as_it_was_checked(target):
    assert is_safe_url(target, HOST)
    assert safe_redirect_target(target, "/home", HOST) is target


def browser_host(target, base=HOST):
    """Where a browser goes, by the URL standard's state machine for http and https, much shortened."""
    text = target.strip("".join(map(chr, range(33))))
    for dropped in "\t\n\r":
        text = text.replace(dropped, "")
    head, colon, rest = text.partition(":")
    if (
        colon
        and head.isascii()
        and head[:1].isalpha()
        and head.replace("+", "").replace("-", "").replace(".", "").isalnum()
    ):
        if head.lower() not in ("http", "https"):
            return "another scheme"
        if head.lower() == "https" or rest[:2].replace("\\", "/") == "//":
            authority = rest.lstrip("/\\")
        else:
            return base if not rest.startswith(("/", "\\")) else browser_host(rest)
    elif text[:2].replace("\\", "/") == "//":
        authority = text.lstrip("/\\")
    else:
        return base
    for end in "/\\?#":
        authority = authority.partition(end)[0]
    return authority.rpartition("@")[2].lower().removesuffix(":80").removesuffix(":443")


@given(
    st.sampled_from(["", "http:", "https:", "http://", "https://", "javascript:", "//"]),
    st.text(alphabet="/\\:@?#. \t\n\x01aeE", max_size=12).map(lambda text: text.replace("E", "a.example")),
)
def test_case_41_no_string_passes_that_a_browser_takes_elsewhere(scheme, rest):
    target = scheme + rest
    if is_safe_url(target, HOST):
        assert browser_host(target) == HOST


def test_https_can_be_demanded():
    assert not is_safe_url("http://a.example/", HOST, require_https=True)
    assert is_safe_url("https://a.example/", HOST, require_https=True)
    assert is_safe_url("/a", HOST, require_https=True)


def test_several_hosts_and_ports():
    assert is_safe_url("http://b.example:8080/", ["a.example", "b.example:8080"])
    assert not is_safe_url("http://b.example/", ["a.example", "b.example:8080"])
    assert is_safe_url("http://[::1]:5000/", "[::1]:5000")


@pytest.mark.parametrize(
    "location", ["/a", "a", "//cdn.example/x", "http://e/", "HTTPS://e/", "?a:b", "/javascript:x", ""]
)
def test_location_that_code_may_send(location):
    assert check_location(location) is location


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "JAVASCRIPT:x",
        "\x01javascript:x",
        "java\nscript:x",
        " file:/x",
        "a:b",
        "/a\r\nX: y",
    ],
)
def test_location_of_another_scheme_is_refused(location):
    with pytest.raises(ValueError, match="Redirect location"):
        check_location(location)


def test_schemes_can_be_allowed():
    assert check_location("myapp://callback", schemes=("https", "myapp")) == "myapp://callback"
    with pytest.raises(ValueError, match="only https, myapp and relative"):
        check_location("http://e/", schemes=("https", "myapp"))


@given(st.text(alphabet="/\\ \t\n\r\x00\x01\x7f\x85ae.%?", max_size=12))
@example("//evil.com/x/")
@example("/\\evil.com/")
@example("/\t/evil.com/")
def test_case_5_cleaned_location_never_names_a_host(path):
    location = clean_location(path)
    assert location.startswith("/")
    assert location[:2] not in ("//", "/\\")
    assert browser_host(location) == HOST
    assert not any(ord(c) < 32 for c in location)


def test_ordinary_path_is_left_alone():
    assert clean_location("/a//b/?c=//d") == "/a//b/?c=//d"
