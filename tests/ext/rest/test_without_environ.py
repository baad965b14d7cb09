"""Typed views as servers call them: where no environ is made of a request, the answer is the same.

A test client's requests go the complete way, so they do not show this.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from bench.drivers import AsgiExchange, make_driver, scope_for
from bench.messages import Answer, Request
from msgspec import UNSET, Struct, UnsetType

from demijohn import Flask
from demijohn.ext.rest import Api, Body, Header, Query


class Wine(Struct):
    name: str
    year: int
    note: str | UnsetType = UNSET


class Where(Struct):
    rack: int
    shelf: str = "top"


def make(protocol: str) -> Flask:
    app = Flask("site")
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    api = Api(app)

    def wine(wine: Wine, dry: bool = False) -> Wine:
        return wine

    def maybe(wine: Wine | None = None, tags: list[str] = []) -> dict[str, Any]:
        return {"wine": wine, "tags": tags}

    def two(
        first: Annotated[int, Body("first")],
        second: Annotated[int, Body("second")],
        key: Annotated[str, Header()] = "",
    ) -> list[int]:
        return [first, second]

    def search(id: int, where: Annotated[Where, Query()], page: int = 1) -> Where:
        return Where(id + where.rack + page, where.shelf)

    for method, rule, view in (
        ("post", "/wine", wine), ("post", "/maybe", maybe), ("post", "/two", two), ("get", "/search/<int:id>", search),
    ):  # fmt: skip
        getattr(api, method)(rule, endpoint=view.__name__)(view if protocol == "wsgi" else _async(view))
    return app


def _async(view: Any) -> Any:
    async def run(**arguments: Any) -> Any:
        return view(**arguments)

    run.__wrapped__ = view  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def answered(loop: asyncio.AbstractEventLoop, *requests: Request) -> list[Answer]:
    """The answers of each protocol."""
    answers = []
    for protocol in ("wsgi", "asgi", "rsgi"):
        driver = make_driver(protocol, make(protocol), requests, loop)
        driver.once()  # the first one to a host has its Host looked at, in an environ
        answers.append(driver.once())
    return answers


JSON = "application/json"
GOOD = b'{"name": "w", "year": 1999}'
BODIES = [
    (GOOD, JSON), (GOOD, "application/json; charset=utf-8"), (GOOD, "application/vnd.cellar+json"), (GOOD, ""),
    (GOOD, "text/plain"), (GOOD, "application/x-www-form-urlencoded"), (b"", ""), (b"", JSON), (b"{", JSON),
    (b'{"name": 1, "year": "x", "note": 5}', JSON), (b'{"first": 1, "second": 2}', JSON), (b'{"first": "x"}', JSON),
    (b'{"name": "\xff", "year": 1}', JSON), (b"[" * 2000, JSON), (b'"' + b"x" * 20_000 + b'"', JSON),
    (b"x" * 20_000, "text/plain"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/wine", "/maybe", "/two"])
@pytest.mark.parametrize(("body", "content_type"), BODIES)
def test_a_body_is_answered_alike_by_each_protocol(loop, path, body, content_type):
    answers = answered(loop, Request("POST", path, "dry=maybe&tags=a&tags=b", body, content_type))
    assert len({answer.status for answer in answers}) == 1
    assert len({answer.body for answer in answers}) == 1
    if answers[0].status == 422:
        assert all("in" in fault for fault in json.loads(answers[0].body)["errors"])


@pytest.mark.parametrize(
    "query",
    [
        "rack=1",
        "rack=1&page=2",
        "rack=1&shelf=%C3%A9+b&page=",
        "rack=x&page=y",
        "",
        "rack",
        "rack=1;page=2",
        "&".join(["rack=1"] * 1001),
    ],
)
def test_a_query_is_answered_alike_by_each_protocol(loop, query):
    answers = answered(loop, Request("GET", "/search/7", query))
    assert len({(answer.status, answer.body) for answer in answers}) == 1


def asked(loop: asyncio.AbstractEventLoop, request: Request, fields: list[tuple[bytes, bytes]]) -> int:
    """The status of the answer by ASGI to a request without Sec-Fetch-Site, with more fields."""
    app = make("asgi")
    make_driver("asgi", app, [request], loop).once()
    scope = scope_for(request)
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"sec-fetch-site"] + fields
    exchange = AsgiExchange(request.body)
    loop.run_until_complete(app(scope, exchange.receive, exchange.send))
    status: int = exchange.start["status"]
    return status


def test_a_content_type_that_came_twice_is_not_json(loop):
    request = Request("POST", "/wine", body=GOOD, content_type=JSON)
    assert asked(loop, request, []) == 200
    assert asked(loop, request, [(b"content-type", b"text/plain")]) == 415


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([], 200),
        ([(b"sec-fetch-site", b"same-origin")], 200),
        ([(b"sec-fetch-site", b"cross-site")], 403),
        (
            [
                (b"sec-fetch-site", b"same-origin"),
                (b"sec-fetch-site", b"same-origin"),
                (b"origin", b"http://b"),
            ],
            403,
        ),
        ([(b"origin", b"http://127.0.0.1:8000")], 200),
        ([(b"origin", b"null")], 403),
        ([(b"sec-fetch-site", b"none"), (b"origin", b"null")], 200),
    ],
)
@pytest.mark.parametrize("twice", [False, True])
def test_where_a_request_comes_from_is_looked_at(loop, fields, status, twice):
    """Also where a Content-Type that came twice keeps the quick way shut."""
    more = [(b"content-type", b"text/plain")] if twice else []
    request = Request("POST", "/wine", body=GOOD, content_type=JSON)
    assert asked(loop, request, fields + more) == (415 if twice and status == 200 else status)
