"""Bytes beyond ASCII in path, query, fields and cookies mean the same by whichever way they came."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

#: What these interfaces of Granian lose, which no application can bring back; `demijohn run` serves WSGI otherwise.
LOSSY = ("granian-wsgi", "granian-rsgi", "rsgi")


#: Other servers refuse a request line that has such bytes as they are, as they may (RFC 9112, 3).
TAKES_RAW = ("demijohn-wsgi", "granian-wsgi", "granian-asgi", "granian-rsgi")


def seen(wire, target: bytes, *fields: bytes):
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: own.example", b"Connection: close", *fields]
    answer = wire.raw(b"\r\n".join(lines) + b"\r\n\r\n")
    assert answer is not None
    assert answer.status == 200
    return answer.json


@pytest.mark.parametrize("path", ["/%C3%BC", "/\u00fc"], ids=["encoded", "raw"])
def test_a_path_in_utf_8(wire, flavour, path):
    if not path.isascii() and wire.name not in TAKES_RAW:
        return
    told = seen(wire, f"/{flavour}/echo{path}".encode())
    assert told["path"] == f"/{flavour}/echo/\u00fc"
    assert told["view_args"] == {"rest": "\u00fc"}


@pytest.mark.parametrize("query", ["y=%C3%BC", "y=\u00fc"], ids=["encoded", "raw"])
def test_a_query_in_utf_8(wire, flavour, query):
    if not query.isascii() and wire.name not in TAKES_RAW:
        return
    told = seen(wire, f"/{flavour}/echo?{query}".encode())
    assert told["args"] == {"y": ["\u00fc"]}
    assert unquote(told["full_path"]).endswith("/echo?y=\u00fc")


def test_a_cookie_in_utf_8_takes_no_other_with_it(wire, flavour):
    told = seen(wire, f"/{flavour}/echo".encode(), "Cookie: session=abc; name=Zo\u00eb".encode())
    expected = {"session": "abc", "name": "Zo\u00eb"}
    assert told["cookies"] == ({} if wire.name in LOSSY else expected)


def test_a_cookie_that_is_no_utf_8_takes_no_other_with_it(wire):
    told = seen(wire, b"/s/echo", b"Cookie: session=abc; name=Zo\xeb")
    assert told["cookies"].get("session") == (None if wire.name in LOSSY else "abc")


def test_a_field_keeps_its_bytes(wire, flavour):
    told = seen(wire, f"/{flavour}/echo".encode(), "X-Word: Zo\u00eb".encode(), b"X-Latin: Zo\xeb")
    fields = {name.lower(): value for name, value in told["headers"]}
    if wire.name not in LOSSY:
        assert fields["x-word"].encode("latin-1") == "Zo\u00eb".encode()
        assert fields["x-latin"] == "Zo\u00eb"


def test_a_field_that_rsgi_loses_is_told_of(wire):
    """The operator learns of it; the visitor's logout would have no other trace."""
    seen(wire, b"/s/echo", "Cookie: a=\u00eb".encode())
    if wire.name == "granian-rsgi":
        assert wire.logged("A Cookie field had a byte beyond ASCII")
    else:
        assert "beyond ASCII" not in wire.server.log
