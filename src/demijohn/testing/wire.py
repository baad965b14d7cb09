"""A test request as a server would have read it off the wire.

Turns a WSGI environ (which Werkzeug's builder makes) into the parts from which the ASGI and RSGI scopes are
made. Knows the header and path encodings; knows no protocol and no application.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, unquote_to_bytes

__all__ = ["Body", "CHUNK_SIZE", "HEADERS_KEY", "WireRequest", "wire_request"]

#: Bytes per body event, about what servers hand on in one piece.
CHUNK_SIZE = 65_536

#: Environ key that holds the headers as they were given, which the environ's own keys may not tell.
HEADERS_KEY = "demijohn.testing.headers"

_CGI = """
REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING REQUEST_URI RAW_URI SERVER_NAME SERVER_PORT SERVER_PROTOCOL
REMOTE_ADDR REMOTE_PORT CONTENT_TYPE CONTENT_LENGTH
"""
_CGI_KEYS = frozenset(_CGI.split())


@dataclass(slots=True)
class Body:
    """The request body.

    :param stream: Where it is read from.
    :param length: How many bytes the client promised; None for chunks until the end.
    :param at: How many bytes were read of a stream that can be rewound.
    """

    stream: IO[bytes]
    length: int | None
    at: int = 0

    def chunk(self) -> tuple[bytes, bool]:
        """The next bytes, and whether more follow.

        :raises EOFError: Where a client would have gone away: the stream ended before the promised length.
        """
        want = CHUNK_SIZE if self.length is None else min(CHUNK_SIZE, self.length)
        data = self._read(want) if want else b""
        if self.length is None:
            return data, bool(data)
        self.length -= len(data)
        if self.length and not data:
            raise EOFError(f"the body ended {self.length} bytes before its Content-Length")
        return data, self.length > 0

    def _read(self, size: int) -> bytes:
        """Read on, but leave a stream that can be rewound where it was: a redirect may send it again."""
        if not self.stream.seekable():
            return self.stream.read(size)
        start = self.stream.tell()
        self.stream.seek(start + self.at)
        data = self.stream.read(size)
        self.stream.seek(start)
        self.at += len(data)
        return data


@dataclass(slots=True)
class WireRequest:
    """One request: every text decoded as the protocols want it, headers lower-cased and in order.

    :param extra: Environ entries that no wire carries (``environ_base`` keys of the test's own); the adapters
        merge them.
    """

    method: str
    scheme: str
    http_version: str
    path: str
    raw_path: bytes
    root_path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    server: tuple[str, int]
    body: Body
    extra: dict[str, Any]


def wire_request(environ: dict[str, Any]) -> WireRequest:
    """What a server would have received if a client had sent this environ."""
    root, rest = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    address = environ.get("REMOTE_ADDR")
    headers = _headers(environ)
    return WireRequest(
        method=environ["REQUEST_METHOD"],
        scheme=environ["wsgi.url_scheme"],
        http_version=str(environ.get("SERVER_PROTOCOL", "HTTP/1.1")).partition("/")[2],
        path=_text(root + rest),
        raw_path=_raw_path(environ, root.encode("latin-1"), rest.encode("latin-1")),
        root_path=_text(root),
        query=_octets(environ.get("QUERY_STRING", "")),
        headers=headers,
        client=(address, int(environ.get("REMOTE_PORT", 50_000))) if address else None,
        server=(environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        body=_body(environ, headers),
        extra=_extra(environ),
    )


def _is_extra(key: str) -> bool:
    own = key in _CGI_KEYS or key == HEADERS_KEY or key == "werkzeug.request"
    return not own and not key.startswith(("HTTP_", "wsgi."))


def _extra(environ: dict[str, Any]) -> dict[str, Any]:
    extra = {key: value for key, value in environ.items() if _is_extra(key)}
    if environ.get("wsgi.errors", sys.stderr) is not sys.stderr:
        extra["wsgi.errors"] = environ["wsgi.errors"]  # the test wants to read what is written there
    return extra


def _text(value: str) -> str:
    """A WSGI string (bytes held as Latin-1, PEP 3333) as the UTF-8 text that it stands for."""
    return value.encode("latin-1").decode("utf-8", "replace")


def _octets(value: str) -> bytes:
    """A header or query as bytes; text beyond Latin-1, which only a test can hold, goes as UTF-8."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()


def _raw_path(environ: dict[str, Any], root: bytes, rest: bytes) -> bytes:
    """The path still percent-encoded, as it was asked for if the environ remembers that truly."""
    asked = str(environ.get("RAW_URI", "")).partition("?")[0].encode("latin-1", "replace")
    if asked.startswith((b"http://", b"https://")):
        asked = b"/" + asked.split(b"/", 3)[3] if asked.count(b"/") > 2 else b"/"
    path = root + rest
    for candidate in (quote(root).encode() + asked, asked):
        # The builder has replaced what is no UTF-8, so the two are compared as text.
        if unquote_to_bytes(candidate).decode("utf-8", "replace") == path.decode("utf-8", "replace"):
            return quote(candidate, safe="/%:@!$&'()*+,;=~").encode()
    return quote(path).encode()


def _headers(environ: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    pairs = [("host", environ["HTTP_HOST"])] if "HTTP_HOST" in environ else []
    listed: list[tuple[str, str]] = environ.get(HEADERS_KEY, [])
    told = {name.lower().replace("_", "-") for name, _ in listed}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:].lower().replace("_", "-")
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key.lower().replace("_", "-")
        else:
            continue
        if name != "host" and name not in told:
            pairs.append((name, value))
    pairs += [(name.lower(), value) for name, value in listed]
    return [(_octets(name), _octets(str(value))) for name, value in pairs]


def _body(environ: dict[str, Any], headers: list[tuple[bytes, bytes]]) -> Body:
    """The body, marked as chunked (RFC 9112, section 7.1) when it has bytes but no declared length."""
    stream: IO[bytes] = environ["wsgi.input"]
    if any(name == b"transfer-encoding" for name, _ in headers):
        # The builder counts every body it can; a client that sends chunks declares no length.
        headers[:] = [pair for pair in headers if pair[0] != b"content-length"]
        return Body(stream, None)
    declared = str(environ.get("CONTENT_LENGTH", ""))
    if declared.isascii() and declared.isdigit():
        return Body(stream, int(declared))
    if stream.seekable() and _has_more(stream):
        headers.append((b"transfer-encoding", b"chunked"))
        return Body(stream, None)
    return Body(stream, 0)


def _has_more(stream: IO[bytes]) -> bool:
    start = stream.tell()
    more = stream.seek(0, 2) > start
    stream.seek(start)
    return more
