"""A request's body reads the same in every way it can be sent and read."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest
from tests.protocols.app import BODY_LIMIT
from tests.support.web import new_key

FORM = "application/x-www-form-urlencoded"
STREAMS = ["s/stream", "s/upload", "a/upload"]
MEGABYTE = bytes(range(256)) * 4096
MULTIPART = b"".join(
    [
        b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\ncaf\xc3\xa9\r\n',
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n',
        b"Content-Type: text/plain\r\n\r\nline one\nline two\r\n",
        b"--edge--\r\n",
    ]
)


def sums(data: bytes) -> dict[str, object]:
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_body_arrives_whole(web, flavour):
    assert web.post(f"/{flavour}/data", b"some bytes").json == sums(b"some bytes")


def test_an_empty_body_is_empty(web, flavour):
    assert web.post(f"/{flavour}/data").json == sums(b"")


def test_a_body_of_a_megabyte_arrives_unchanged(web, flavour):
    assert web.post(f"/{flavour}/data", MEGABYTE).json == sums(MEGABYTE)


def test_a_chunked_body_without_a_length_arrives_whole(web, flavour):
    pieces = [b"first,", b"second,", b"x" * 100_000]
    assert web.post(f"/{flavour}/data", pieces).json == sums(b"".join(pieces))


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_is_read_in_pieces(web, path):
    assert web.post(f"/{path}", MEGABYTE).json == sums(MEGABYTE)


@pytest.mark.parametrize("path", STREAMS)
def test_a_chunked_stream_is_read_in_pieces(web, path):
    assert web.post(f"/{path}", [b"ab", b"cd"]).json == sums(b"abcd")


def test_a_form_is_decoded(web, flavour):
    answer = web.post(f"/{flavour}/form", b"a=1&a=2&word=caf%C3%A9", FORM)
    assert answer.json["form"] == {"a": ["1", "2"], "word": ["caf\u00e9"]}


def test_a_multipart_form_is_decoded_with_its_files(web, flavour):
    answer = web.post(f"/{flavour}/form", MULTIPART, "multipart/form-data; boundary=edge")
    assert answer.json["form"] == {"title": ["caf\u00e9"]}
    assert answer.json["files"] == {"file": [["a.txt", "text/plain", "line one\nline two"]]}


def test_a_chunked_multipart_form_is_decoded(web, flavour):
    pieces = [MULTIPART[:70], MULTIPART[70:]]
    answer = web.post(f"/{flavour}/form", pieces, "multipart/form-data; boundary=edge")
    assert answer.json["form"] == {"title": ["caf\u00e9"]}


def test_a_form_is_read_part_by_part(web, flavour):
    answer = web.post(f"/{flavour}/parts", MULTIPART, "multipart/form-data; boundary=edge")
    assert answer.json == {"title": sums(b"caf\xc3\xa9"), "file": sums(b"line one\nline two")}


def test_a_chunked_form_is_read_part_by_part(web, flavour):
    pieces = [MULTIPART[:70], MULTIPART[70:-20], MULTIPART[-20:]]
    answer = web.post(f"/{flavour}/parts", pieces, "multipart/form-data; boundary=edge")
    assert answer.json["file"] == sums(b"line one\nline two")


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_case_24_a_form_that_is_cut_is_not_read_to_an_end(wire, flavour, chunked):
    key = new_key()
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(MULTIPART)}"
    head = (
        f"POST /{flavour}/parts?key={key} HTTP/1.1\r\nHost: own.example\r\n{length}\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\n\r\n"
    ).encode()
    cut = MULTIPART[:-20]
    body = b"%x\r\n%s\r\n" % (len(cut), cut) if chunked else cut
    answer = wire.raw(head + body, shut=True, timeout=20)
    assert answer is None or answer.status in (400, 408, 413, 499, 500)
    assert wire.journal(key) == []


def test_json_is_decoded(web, flavour):
    value = {"a": [1, 2.5, None, "\u00e9"]}
    answer = web.post(f"/{flavour}/json", json.dumps(value).encode(), "application/json")
    assert answer.json == {"got": value}


def test_case_22_broken_json_is_400(web, flavour):
    assert web.post(f"/{flavour}/json", b'{"a": ', "application/json").status == 400


def test_case_23_json_sent_as_text_is_415(web, flavour):
    assert web.post(f"/{flavour}/json", b"{}", "text/plain").status == 415


@pytest.mark.parametrize("path", ["data", "form"])
def test_case_17_a_body_over_the_limit_is_413(web, flavour, path):
    body = b"a=" + b"x" * 20_000_000
    assert web.post(f"/{flavour}/{path}", body, FORM).status == 413


@pytest.mark.parametrize("path", ["s/data", "a/data", *STREAMS])
def test_case_17_a_chunked_body_over_the_limit_is_413(web, path):
    pieces = [b"x" * 1_000_000] * (BODY_LIMIT // 1_000_000 + 4)
    assert web.post(f"/{path}", pieces).status == 413


ENCODED = [("json", b'{"a": 1}', "application/json"), ("form", b"a=1", FORM)]
ENCODED += [("form", MULTIPART, "multipart/form-data; boundary=edge")]


@pytest.mark.parametrize(("path", "plain", "kind"), ENCODED)
@pytest.mark.parametrize("coding", ["gzip", "BR", "identity, gzip", "gzip, gzip"])
def test_a_form_or_json_in_a_content_coding_is_415_and_says_what_is_taken(
    web, flavour, path, plain, kind, coding
):
    answer = web.post(f"/{flavour}/{path}", gzip.compress(plain), kind, [("Content-Encoding", coding)])
    assert (answer.status, answer.header("Accept-Encoding")) == (415, "identity")


@pytest.mark.parametrize(("path", "plain", "kind"), ENCODED)
@pytest.mark.parametrize("coding", ["identity", "Identity, identity", ""])
def test_a_body_in_no_coding_may_say_so(web, path, plain, kind, coding):
    assert web.post(f"/s/{path}", plain, kind, [("Content-Encoding", coding)]).status == 200


@pytest.mark.parametrize("path", ["s/data", "a/data", *STREAMS])
def test_a_body_in_a_content_coding_is_read_raw_as_it_came(web, path):
    data = gzip.compress(b"a=1")
    assert web.post(f"/{path}", data, FORM, [("Content-Encoding", "gzip")]).json == sums(data)


@pytest.mark.parametrize(("path", "plain", "kind"), ENCODED)
def test_a_form_or_json_in_a_transfer_coding_is_never_taken_for_a_plain_one(web, path, plain, kind):
    data = gzip.compress(plain)
    if web.real:
        head = f"POST /s/{path} HTTP/1.1\r\nHost: own.example\r\nContent-Type: {kind}\r\n"
        head += f"Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n{len(data):x}\r\n"
        answer = web.raw(head.encode() + data + b"\r\n0\r\n\r\n")
        assert answer is None or answer.status in (400, 501)
    else:
        answer = web.post(f"/s/{path}", [data], kind, [("Transfer-Encoding", "gzip")])
        assert answer.status == 501


def test_a_view_may_leave_the_body_unread(web, flavour):
    answer = web.post(f"/{flavour}/ignore", MEGABYTE)
    assert (answer.status, answer.body) == (200, b"not read")


def test_a_stream_gives_lines(web):
    assert web.post("/s/lines", b"one\ntwo\nlast").json == ["one\n", "two\n", "last"]


@pytest.mark.parametrize("path", ["s/data", "a/data", *STREAMS])
def test_case_24_a_truncated_body_is_never_presented_as_complete(wire, path):
    key = new_key()
    head = f"POST /{path}?key={key} HTTP/1.1\r\nHost: own.example\r\nContent-Length: 1000\r\n\r\n"
    answer = wire.raw(head.encode() + b"only this", shut=True, timeout=20)
    assert answer is None or answer.status in (400, 408, 413, 499, 500)
    assert wire.journal(key) == []


@pytest.mark.parametrize("path", ["s/data", "a/data", *STREAMS])
def test_case_24_a_truncated_chunked_body_is_never_presented_as_complete(wire, path):
    key = new_key()
    head = f"POST /{path}?key={key} HTTP/1.1\r\nHost: own.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = wire.raw(head.encode() + b"4\r\nonly\r\n", shut=True, timeout=20)
    if wire.name == "granian-wsgi":
        return  # a hazard of this interface that an application cannot see: its read() just ends
    assert answer is None or answer.status in (400, 408, 413, 499, 500)
    assert wire.journal(key) == []


@pytest.mark.parametrize("path", ["s/data", "a/data", *STREAMS])
def test_case_24_a_body_shorter_than_its_length_is_refused_in_process_too(web, path):
    if web.real:
        return  # over a socket the two tests above do it
    key = new_key()
    answer = web.post(f"/{path}?key={key}", b"only this", headers=[("Content-Length", "1000")])
    assert answer.status == 400
    assert web.journal(key) == []
