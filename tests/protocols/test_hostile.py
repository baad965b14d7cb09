"""Bytes no client library would send, on every real server; what a server refuses itself never reaches us."""

from __future__ import annotations

import pytest
from tests.support.web import new_key


def refused(answer):
    """Refused: with a client error, or by closing the connection."""
    return answer is None or 400 <= answer.status < 500


@pytest.mark.parametrize("length", [b"-1", b"abc", b"1e3", b"0x10", b"+5", b"5, 6"])
def test_case_18_a_bad_content_length_is_refused(wire, length):
    key = new_key()
    head = b"POST /s/data?key=" + key.encode() + b" HTTP/1.1\r\nHost: own.example\r\nContent-Length: "
    assert refused(wire.raw(head + length + b"\r\n\r\nhello"))
    assert wire.journal(key) == []


def test_case_18_two_different_lengths_are_refused(wire):
    data = b"POST /s/data HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
    assert refused(wire.raw(data))


def test_a_length_beside_chunks_cannot_smuggle_a_second_request(wire):
    key = new_key()
    smuggled = f"GET /journal/{key} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    data = b"POST /s/ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    received = wire.send(data + b"0\r\n\r\n" + b"", timeout=2)
    assert received.count(b"HTTP/1.1 ") <= 1
    received = wire.send(data + smuggled, timeout=2)
    assert received.count(b"HTTP/1.1 200") <= 1


@pytest.mark.parametrize(
    "line",
    [
        b"GET /\r\n",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/9.9",
        b"\x16\x03\x01\x02\x00",
        b"GET /a b HTTP/1.1",
        b"get / HTTP/1.1",
    ],
)
def test_a_broken_request_line_never_becomes_a_page(wire, line):
    answer = wire.raw(line + b"\r\nHost: own.example\r\n\r\n")
    assert answer is None or answer.status != 200 or answer.body == b"home"


@pytest.mark.parametrize("field", [b"X-Bad : 1", b"X\x00: 1", b" folded: 1", b"X-Nul: a\x00b", b": none"])
def test_a_broken_header_line_is_refused_or_dropped(wire, field):
    answer = wire.raw(b"GET /s/echo HTTP/1.1\r\nHost: own.example\r\n" + field + b"\r\n\r\n")
    if answer is not None and answer.status == 200:
        names = {name for name, _ in answer.json["headers"]}
        assert not any("\0" in name or " " in name or not name for name in names)
        assert not any("\0" in value for _, value in answer.json["headers"])


def test_a_header_section_of_a_megabyte_is_refused(wire):
    many = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(1000))
    answer = wire.raw(b"GET / HTTP/1.1\r\nHost: own.example\r\n" + many + b"\r\n")
    assert answer is None or answer.status in (400, 413, 414, 431)


def test_case_1_no_host_at_all_on_http_1_1_is_an_answer(wire):
    answer = wire.raw(b"GET /s/echo HTTP/1.1\r\n\r\n")
    assert answer is None or answer.status in (200, 400)


def test_case_1_two_hosts_are_refused(wire):
    answer = wire.raw(b"GET /s/echo HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n")
    assert refused(answer)


def test_a_whole_url_as_target_does_not_change_the_path(wire):
    answer = wire.raw(b"GET http://own.example/s/echo HTTP/1.1\r\nHost: own.example\r\n\r\n")
    if answer is not None and answer.status == 200:
        assert answer.json["path"] == "/s/echo"
        assert answer.json["host"] == "own.example"


def test_http_1_0_without_a_host_is_answered(wire):
    answer = wire.raw(b"GET / HTTP/1.0\r\n\r\n")
    assert answer is not None
    assert answer.status in (200, 400)


@pytest.mark.parametrize("field", ["Content-Type", "Accept", "Cookie", "If-None-Match", "Authorization"])
def test_case_20_60_kb_of_separators_in_a_header_are_no_burden(wire, field):
    answer = wire.post("/s/form", b"a=1", headers=[(field, '",;=' * 15_000)])
    assert answer.status in (200, 304, 400, 413, 415, 431)


def test_case_49_control_characters_in_a_path_are_escaped_in_the_log(wire):
    marker = new_key()
    wire.get(f"/s/nowhere%0aforged-{marker}%1b[31m")
    assert wire.get(f"/s/boom/at%0aforged-{marker}%1b[31m").status == 500
    assert wire.logged(f"Exception on /s/boom/at\\nforged-{marker}\\x1b[31m")
    assert f"\nforged-{marker}" not in wire.server.log
    assert "\x1b[31m" not in wire.server.log


def test_a_request_after_a_refused_one_is_served(wire):
    wire.send(b"\0" * 1000, timeout=1)
    assert wire.get("/").body == b"home"
