"""The cases: one request each, and what a right answer is.

A case is checked before it is timed, so that nobody is fast by answering wrong. Every app module
under `bench/apps` serves the same paths; `kind` names which of its applications the case is sent to:

    main     every ordinary path, views in the framework's natural style for its protocol
    routes   500 routes, 125 resources of four routes each
    hooks    /hello behind one before, one after and one teardown hook
    pool     a sync view under an async server, so it is run in a thread pool
    bridge   an async view under WSGI, so an event loop has to be found for it
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from bench.messages import Answer, Request

ROUTED_RESOURCES = 125
DOCUMENT = {"id": 7, "name": "Demijohn", "tags": ["glass", "wicker"], "litres": 15.5, "full": True}


@dataclass(frozen=True)
class Row:
    """A row as an object-relational mapper would hand it to a template."""

    id: int
    name: str
    year: int
    price: float
    sold: bool


ROWS = [Row(n, f"Bottle <{n}> & cork", 1990 + n, n * 3.5, n % 3 == 0) for n in range(12)]
FILE_BYTES = 1024
BOUNDARY = "----bench7MA4YWxkTrZu0gW"

Check = Callable[[Answer], str | None]


@dataclass(frozen=True)
class Case:
    """One thing to measure. `check` returns what is wrong, or None. `needs` is the case whose
    cookies are sent along, those of so many `visitors` in turn; `protocols` are those it means something in."""

    name: str
    title: str
    request: Request
    check: Check
    kind: str = "main"
    in_flight: int = 1
    needs: str = ""
    visitors: int = 1000
    protocols: tuple[str, ...] = ("wsgi", "asgi", "rsgi")


def expect(status: int, body: str | None = None, **headers: str) -> Check:
    """A check for this status, exactly this text and, per keyword, a header holding the value."""

    def check(answer: Answer) -> str | None:
        if answer.status != status:
            return f"status {answer.status}, expected {status}: {answer.body[:300]!r}"
        if body is not None and answer.body.decode() != body:
            return f"body {answer.body[:120]!r}, expected {body!r}"
        for key, wanted in headers.items():
            name = key.replace("_", "-")
            if wanted not in (answer.header(name) or ""):
                return f"header {name} is {answer.header(name)!r}, expected {wanted!r} in it"
        return None

    return check


def expect_json(answer: Answer) -> str | None:
    """The small document, labelled as JSON."""
    wrong = expect(200, content_type="application/json")(answer)
    if wrong is None and json.loads(answer.body) != DOCUMENT:
        return f"document {answer.body[:120]!r}"
    return wrong


def expect_rows(answer: Answer) -> str | None:
    """Twelve rows, escaped."""
    wrong = expect(200, content_type="text/html")(answer)
    if wrong is None and answer.body.count(b"<tr") != len(ROWS):
        return f"{answer.body.count(b'<tr')} rows"
    if wrong is None and b"Bottle &lt;3&gt; &amp; cork" not in answer.body:
        return "names are not escaped"
    return wrong


def expect_layout(answer: Answer) -> str | None:
    """The page in its layout, with both links built."""
    wrong = expect(200, content_type="text/html")(answer)
    for part in (b"<title>Cellar</title>", b'/hello"', b'/thing/42"', b"</html>"):
        if wrong is None and part not in answer.body:
            wrong = f"{part!r} is missing from {answer.body[:200]!r}"
    return wrong


def expect_untouched(answer: Answer) -> str | None:
    """The hello answer, with nothing said about cookies."""
    wrong = expect(200, "Hello, World!")(answer)
    if wrong is None and answer.header("set-cookie"):
        return "a cookie is set though the session was not touched"
    return wrong


def expect_written(answer: Answer) -> str | None:
    """A new session cookie."""
    wrong = expect(200)(answer)
    if wrong is None and "session" not in answer.cookie():
        return "no session cookie is set"
    return wrong


def multipart_body() -> bytes:
    """One text field and one file of FILE_BYTES bytes."""
    content = bytes(range(32, 127)) * 11
    return b"".join(
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nLabel\r\n'.encode(),
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="label.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode(),
            content[:FILE_BYTES],
            f"\r\n--{BOUNDARY}--\r\n".encode(),
        )
    )


HELLO = Request(path="/hello")
FORM = Request(
    "POST",
    "/form",
    body=b"name=Ada+Lovelace&quantity=12&note=red+%26+white&agree=on",
    content_type="application/x-www-form-urlencoded",
)
UPLOAD = Request(
    "POST", "/upload", body=multipart_body(), content_type=f"multipart/form-data; boundary={BOUNDARY}"
)
ROUTED = Request(path="/api/v1/things77/42/items/bottle/open")

CASES: tuple[Case, ...] = (
    Case("hello", "hello", HELLO, expect(200, "Hello, World!")),
    Case("params", "3 params, 500 routes", ROUTED, expect(200, "42 bottle open"), kind="routes"),
    Case("json", "JSON, small dict", Request(path="/json"), expect_json),
    Case(
        "query", "query args", Request(path="/search", query="q=red+wine&page=3"), expect(200, "red wine 3")
    ),
    Case("form", "urlencoded form", FORM, expect(200, "Ada Lovelace 12")),
    Case("multipart", "multipart 1 KB", UPLOAD, expect(200, f"Label {FILE_BYTES}")),
    Case(
        "session-read", "session read", Request(path="/session"), expect(200, "user 7"), needs="session-write"
    ),
    Case(
        "session-again",
        "same visitor again",
        Request(path="/session"),
        expect(200, "user 7"),
        needs="session-write",
        visitors=1,
    ),
    Case(
        "session-write",
        "session write",
        Request("POST", "/session/write"),
        expect_written,
        needs="session-write",
    ),
    Case("session-idle", "cookie, session untouched", HELLO, expect_untouched, needs="session-write"),
    Case("abort", "abort(404)", Request(path="/abort"), expect(404)),
    Case("unrouted", "unrouted 404", Request(path="/nothing/here"), expect(404)),
    Case("method", "405", Request("POST", "/hello"), expect(405, allow="GET")),
    Case("page", "Jinja page, 12 rows", Request(path="/rows"), expect_rows),
    Case("table", "Jinja table, filters", Request(path="/table"), expect_rows),
    Case("layout", "inherited page, 2 url_for", Request(path="/page"), expect_layout),
    Case(
        "static", "static file, 1 KB", Request(path="/static/site.css"), expect(200, content_type="text/css")
    ),
    Case("stream", "stream of 10 chunks", Request(path="/stream"), expect(200, "0123456789")),
    Case("hooks", "hello, 3 hooks", HELLO, expect(200, "Hello, World!", x_hook="seen"), kind="hooks"),
    Case(
        "pool",
        "sync view, async server",
        HELLO,
        expect(200, "Hello, World!"),
        kind="pool",
        in_flight=32,
        protocols=("asgi", "rsgi"),
    ),
    Case(
        "bridge", "async view, WSGI", HELLO, expect(200, "Hello, World!"), kind="bridge", protocols=("wsgi",)
    ),
)
BY_NAME: dict[str, Case] = {case.name: case for case in CASES}
KINDS: tuple[str, ...] = tuple(dict.fromkeys(case.kind for case in CASES))
