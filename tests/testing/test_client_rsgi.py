"""The plain client over RSGI: the stand-ins behave as Granian 2.8.7 was measured to."""

from __future__ import annotations

import asyncio

import pytest
from tests.testing.tiny import Tiny, tell_rsgi

from demijohn.testing import FlaskClient, NoResponse
from demijohn.testing.rsgi import ProtocolClosed, ProtocolError


def client_of(app):
    return FlaskClient(Tiny(rsgi=app), protocol="rsgi")


def test_the_scope_holds_the_request():
    told = (
        client_of(tell_rsgi)
        .post("/a%2Fb/\u00e9?x=%20y", data=b"body", headers=[("X-A", "1"), ("X-A", "2")])
        .json
    )
    assert (told["proto"], told["method"], told["scheme"]) == ("http", "POST", "http")
    assert told["path"] == "/a/b/\u00e9"
    assert told["query_string"] == "x=%20y"
    assert told["client"] == "127.0.0.1:50000"
    assert told["body"] == "body"
    assert [value for name, value in told["headers"] if name == "x-a"] == ["1", "2"]


def test_header_look_up_is_by_any_case_and_values_beyond_ascii_are_lost():
    seen = []

    async def app(scope, protocol):
        headers = scope.headers
        seen.extend([headers.get("X-WORD"), headers.get_all("x-word"), "X-Word" in headers])
        seen.extend([headers.get("x-latin", "lost"), "x-latin" in headers, "x-none" in headers])
        protocol.response_empty(204, [])

    client_of(app).get("/", headers={"X-Word": "a", "X-Latin": "caf\u00e9"})
    assert seen == ["a", ["a"], True, "lost", True, False]


def test_iterating_the_body_ends_with_an_empty_piece():
    pieces = []

    async def app(scope, protocol):
        pieces.extend([piece async for piece in protocol])
        protocol.response_empty(204, [])

    client_of(app).post("/", data=b"x" * 100_000)
    assert b"".join(pieces) == b"x" * 100_000
    assert [bool(piece) for piece in pieces[-2:]] == [True, False]


def test_the_body_can_be_taken_once():
    async def app(scope, protocol):
        await protocol()
        with pytest.raises(ProtocolError):
            await protocol()
        protocol.response_empty(204, [])

    assert client_of(app).post("/", data=b"x").status_code == 204


def test_a_body_cut_short_raises_when_taken_whole_and_ends_with_two_empty_pieces_when_iterated():
    seen = []

    async def app(scope, protocol):
        if scope.path == "/whole":
            with pytest.raises(ProtocolClosed):
                await protocol()
        else:
            seen.extend([piece async for piece in protocol])
        protocol.response_empty(204, [])

    client = client_of(app)
    for path in ("/whole", "/pieces"):
        client.post(path, data=b"abc", environ_overrides={"CONTENT_LENGTH": "10"})
    assert seen == [b"abc", b"", b""]


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda p: p.response_empty(200, []), b""),
        (lambda p: p.response_str(200, [], "\u00e9"), "\u00e9".encode()),
        (lambda p: p.response_bytes(200, [], b"\xff"), b"\xff"),
    ],
)
def test_each_kind_of_response_arrives(call, body):
    async def app(scope, protocol):
        call(protocol)

    assert client_of(app).get("/").data == body


def test_a_file_and_a_range_of_it_arrive_and_the_end_is_exclusive(tmp_path):
    path = tmp_path / "abc.txt"
    path.write_bytes(b"abcdef")

    async def app(scope, protocol):
        if scope.path == "/range":
            protocol.response_file_range(206, [], str(path), 2, 5)
        else:
            protocol.response_file(200, [], str(path if scope.path == "/whole" else tmp_path / "none"))

    client = client_of(app)
    assert client.get("/whole").data == b"abcdef"
    assert client.get("/range").data == b"cde"
    assert client.get("/missing").status_code == 404


def test_a_stream_ends_when_the_application_returns():
    async def app(scope, protocol):
        transport = protocol.response_stream(200, [("x-a", "1")])
        await transport.send_bytes(b"one ")
        await transport.send_str("two")

    response = client_of(app).get("/")
    assert (response.headers["x-a"], response.data) == ("1", b"one two")


def test_a_disconnect_is_told_and_later_sends_raise():
    told = []

    async def app(scope, protocol):
        transport = protocol.response_stream(200, [])
        await transport.send_bytes(b"one")
        await protocol.client_disconnect()
        told.append("gone")
        with pytest.raises(ProtocolClosed):
            await transport.send_bytes(b"two")

    response = client_of(app).get("/")
    assert next(iter(response.response)) == b"one"
    response.close()
    assert told == ["gone"]


def test_a_second_response_is_ignored():
    async def app(scope, protocol):
        protocol.response_str(200, [], "first")
        protocol.response_str(500, [], "second")

    assert client_of(app).get("/").data == b"first"


@pytest.mark.parametrize(
    ("status", "header"), [(99, ("x", "y")), (200, ("bad name", "y")), (200, ("x", "a\nb"))]
)
def test_what_would_harm_the_real_server_raises_in_the_application(status, header):
    async def app(scope, protocol):
        protocol.response_str(status, [header], "never sent")

    with pytest.raises(ValueError, match="invalid"):
        client_of(app).get("/")


def test_an_application_that_answers_nothing_is_told_so():
    async def app(scope, protocol):
        await asyncio.sleep(0)

    with pytest.raises(NoResponse):
        client_of(app).get("/")
