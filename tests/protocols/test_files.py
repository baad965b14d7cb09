"""Files, from views and from the static folder: whole, in ranges, and not at all when the client has them."""

from __future__ import annotations

import pytest
from tests.support.http1 import Answer

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
PATHS = ["/s/file", "/a/file", "/static/alphabet.txt"]


@pytest.mark.parametrize("path", PATHS)
def test_a_file_is_sent_with_its_length_type_and_validators(web, path):
    answer = web.get(path)
    assert (answer.status, answer.body) == (200, ALPHABET)
    assert answer.header("Content-Length") == "26"
    assert answer.header("Content-Type").startswith("text/plain")
    assert answer.header("ETag")
    assert answer.header("Last-Modified")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("wanted", "body", "shown"),
    [
        ("bytes=0-3", b"abcd", "bytes 0-3/26"),
        ("bytes=-2", b"yz", "bytes 24-25/26"),
        ("bytes=24-", b"yz", "bytes 24-25/26"),
    ],
)
def test_a_range_is_sent_as_206(web, path, wanted, body, shown):
    answer = web.get(path, [("Range", wanted)])
    assert (answer.status, answer.body) == (206, body)
    assert answer.header("Content-Range") == shown
    assert answer.header("Content-Length") == str(len(body))


@pytest.mark.parametrize(
    "wanted", ["bytes=100-200", "bytes=5-2", "bytes=\u0661-\u0662", "bytes=" + "0-0," * 10_000 + "0-0"]
)
def test_case_58_a_range_that_cannot_be_is_416_or_ignored(web, wanted):
    answer = web.get("/s/file", [("Range", wanted.encode().decode("latin-1"))])
    assert answer.status in (200, 400, 416, 431)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("wanted", ["items=0-3", "bytes=5-2", "bytes", "bytes=x", "bytes=0-1,4-5"])
def test_a_range_that_is_none_of_one_part_in_bytes_is_ignored(web, path, wanted):
    answer = web.get(path, [("Range", wanted)])
    assert (answer.status, answer.body, answer.header("Content-Length")) == (200, ALPHABET, "26")


@pytest.mark.parametrize("path", PATHS)
def test_a_range_beyond_the_end_is_416(web, path):
    answer = web.get(path, [("Range", "bytes=100-200")])
    assert (answer.status, answer.header("Content-Range")) == (416, "bytes */26")


@pytest.mark.parametrize("path", PATHS)
def test_a_client_that_has_the_file_gets_304(web, path):
    first = web.get(path)
    for name, shown in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        answer = web.get(path, [(name, first.header(shown))])
        assert (answer.status, answer.body) == (304, b"")


def test_a_range_for_another_version_is_the_whole_file(web):
    answer = web.get("/s/file", [("Range", "bytes=0-3"), ("If-Range", '"another"')])
    assert (answer.status, answer.body) == (200, ALPHABET)


def test_a_file_object_is_sent(web):
    assert web.get("/s/file-object").body == b"from memory"


@pytest.mark.parametrize(
    "name", ["plain.txt", "caf%C3%A9.txt", "a%22b.txt", "..%2F..%2Fx.txt", "a%0d%0aX-Injected:1.txt"]
)
def test_case_44_a_download_name_is_a_valid_header(web, name):
    answer = web.get(f"/s/download?name={name}")
    assert answer.status == 200
    assert answer.header("Content-Disposition").startswith("attachment")
    assert answer.header("X-Injected") is None
    assert "../" not in answer.header("Content-Disposition")


TRAVERSALS = [
    "/static/../sessions.py",
    "/static/..%2fsessions.py",
    "/static/%2e%2e/sessions.py",
    "/static/..%5csessions.py",
    "/static/%2e%2e%2f%2e%2e%2fapp.py",
    "/static//etc/passwd",
    "/static/alphabet.txt%00",
    "/s/folder-file/../sessions.py",
    "/s/folder-file/..%2fsessions.py",
]


@pytest.mark.parametrize("target", TRAVERSALS)
def test_case_57_no_path_leads_out_of_the_folder(web, target):
    answer: Answer = web.get(target)
    assert answer.status in (308, 400, 404)
    assert b"import" not in answer.body
