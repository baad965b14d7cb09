"""Streamed answers: whole, in order, as they are made, and ended properly whoever ends them."""

from __future__ import annotations

import socket
import time

import pytest
from tests.support.web import new_key

KINDS = ["s/count", "a/count", "a/count-sync", "s/count-async"]


@pytest.mark.parametrize("path", KINDS)
def test_every_kind_of_generator_is_sent_whole_and_in_order(web, path):
    answer = web.get(f"/{path}")
    assert answer.body == b"0\n1\n2\n3\n4\n"
    assert not answer.truncated


def test_a_stream_arrives_before_it_is_complete(web, flavour):
    key = new_key()
    with web.stream(f"/{flavour}/forever?key={key}") as stream:
        assert stream.answer.status == 200
        assert next(stream.pieces()).startswith(b"x")
        assert web.journal(key) == []


def test_fault_5_a_disconnect_closes_the_generator(web, flavour):
    key = new_key()
    with web.stream(f"/{flavour}/forever?key={key}") as stream:
        next(stream.pieces())
    assert web.wait_for(key, "closed") == "closed"


def test_fault_5_a_disconnect_closes_a_generator_that_waits(web_told_of_disconnects):
    web = web_told_of_disconnects
    key = new_key()
    with web.stream(f"/a/waiting?key={key}") as stream:
        assert next(stream.pieces()) == b"first"
    assert web.wait_for(key, "closed") == "closed"


def test_a_generator_that_never_waits_is_stopped_by_the_disconnect(web):
    """On servers without back-pressure too: the application must not go on making bytes for nobody."""
    key = new_key()
    with web.stream(f"/a/firehose?key={key}") as stream:
        next(stream.pieces())
    entry = web.wait_for(key, "closed after", seconds=15)
    assert entry is not None
    assert int(entry.split()[-1]) < 400_000_000


def test_fault_6_an_exception_in_mid_stream_is_visible_truncation(web, flavour):
    answer = web.get(f"/{flavour}/breaks")
    assert answer.status == 200
    assert answer.truncated


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_fault_6_a_stream_that_breaks_ends_the_connection_and_is_not_taken_for_whole(wire, flavour, version):
    if version == "1.0" and wire.name in ("granian-wsgi", "gunicorn", "hypercorn"):
        return  # they end the connection in order, which is the end of the body, and leave no way to another one
    request = f"GET /{flavour}/breaks HTTP/{version}\r\nHost: own.example\r\n\r\n".encode()
    reset = False
    received = b""
    with socket.create_connection((wire.server.host, wire.server.port), timeout=10) as client:
        client.sendall(request)
        try:
            while piece := client.recv(65_536):
                received += piece
        except ConnectionResetError:
            reset = True
    assert received.startswith(b"HTTP/1.")
    assert not received.endswith(b"0\r\n\r\n")
    assert reset or version == "1.1"


def test_the_request_is_still_there_while_the_body_is_made(web, flavour):
    answer = web.get(f"/{flavour}/context-stream?word=hello")
    assert answer.text == f"hello/{flavour}/context-stream"


def test_server_sent_events_arrive_as_they_happen(web, flavour):
    answer = web.get(f"/{flavour}/events")
    assert answer.header("Content-Type").startswith("text/event-stream")
    assert answer.text == "".join(f"id: {number}\ndata: tick\n\n" for number in range(3))


def test_a_slow_reader_slows_the_generator_down(web_with_back_pressure):
    web = web_with_back_pressure
    key = new_key()
    with web.stream(f"/a/firehose?key={key}") as stream:
        next(stream.pieces())
        time.sleep(1.5)
        assert web.journal(key) == [], "400 MB were made for a client that reads nothing"
