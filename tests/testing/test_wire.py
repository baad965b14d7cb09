"""From an environ to what a server would have read."""

from __future__ import annotations

import io

import pytest
from werkzeug.test import EnvironBuilder

from demijohn.testing.wire import CHUNK_SIZE, Body, wire_request


def wire(path="/", **options):
    return wire_request(EnvironBuilder(path, **options).get_environ())


@pytest.mark.parametrize(
    ("asked", "path", "raw"),
    [
        ("/a%2Fb", "/a/b", b"/a%2Fb"),
        ("/caf\u00e9", "/caf\u00e9", b"/caf%C3%A9"),
        ("/a%20b;c=1", "/a b;c=1", b"/a%20b;c=1"),
        ("/%ff", "/\ufffd", b"/%ff"),
        ("/", "/", b"/"),
    ],
)
def test_the_path_is_decoded_and_also_kept_as_it_was_asked_for(asked, path, raw):
    made = wire(asked)
    assert (made.path, made.raw_path) == (path, raw)


def test_the_root_is_part_of_the_path():
    made = wire("/a", base_url="http://own.example/root")
    assert (made.path, made.raw_path, made.root_path) == ("/root/a", b"/root/a", "/root")


def test_an_environ_whose_path_was_changed_has_a_raw_path_that_fits():
    environ = EnvironBuilder("/old").get_environ()
    environ["PATH_INFO"] = "/new"
    assert wire_request(environ).raw_path == b"/new"


def test_header_names_are_lower_case_and_the_host_is_first():
    made = wire("/", headers={"X-A": "1"}, base_url="http://own.example:81")
    assert made.headers == [(b"host", b"own.example:81"), (b"x-a", b"1")]


def test_client_and_server_are_addresses():
    made = wire(
        "/", environ_base={"REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "99"}, base_url="https://own.example"
    )
    assert (made.client, made.server, made.scheme) == (("192.0.2.7", 99), ("own.example", 443), "https")
    assert wire("/").client is None


def test_keys_that_no_wire_carries_are_extra():
    assert wire("/", environ_base={"MY_KEY": 1}).extra == {"MY_KEY": 1}


def test_an_error_stream_of_the_tests_own_is_extra():
    stream = io.StringIO()
    assert wire("/", errors_stream=stream).extra == {"wsgi.errors": stream}


def pieces(body):
    out, more = [], True
    while more:
        data, more = body.chunk()
        out.append(data)
    return out


def test_a_body_of_known_length_ends_with_its_last_byte():
    assert pieces(Body(io.BytesIO(b"x" * (CHUNK_SIZE + 1)), CHUNK_SIZE + 1)) == [b"x" * CHUNK_SIZE, b"x"]


def test_a_body_of_unknown_length_ends_with_an_empty_piece():
    assert pieces(Body(io.BytesIO(b"abc"), None)) == [b"abc", b""]


def test_a_body_that_ends_before_its_length_is_an_error():
    with pytest.raises(EOFError, match="7 bytes"):
        pieces(Body(io.BytesIO(b"abc"), 10))


def test_reading_leaves_a_stream_where_it_was():
    stream = io.BytesIO(b"skipped" + b"x" * 100_000)
    stream.seek(7)
    assert sum(map(len, pieces(Body(stream, 100_000)))) == 100_000
    assert stream.tell() == 7
