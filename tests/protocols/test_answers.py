"""What the application answers is what the client gets, and what must not be sent is not."""

from __future__ import annotations

import json

import pytest


def test_the_status_the_body_and_its_length_arrive(web, flavour):
    answer = web.get(f"/{flavour}/status/202")
    assert (answer.status, answer.body) == (202, b"body")
    assert answer.header("Content-Length") == "4"


@pytest.mark.parametrize("code", [204, 304])
def test_a_status_that_has_no_body_sends_none(web, flavour, code):
    answer = web.get(f"/{flavour}/status/{code}")
    assert (answer.status, answer.body) == (code, b"")
    assert not answer.truncated


@pytest.mark.parametrize("path", ["status/200", "json-answer", "count", "file", "boom", "nowhere"])
def test_head_answers_like_get_without_a_body(web, path):
    get, head = web.get(f"/s/{path}"), web.request("HEAD", f"/s/{path}")
    assert head.status == get.status
    assert head.body == b""
    assert not head.truncated
    assert head.header("Content-Type") == get.header("Content-Type")


@pytest.mark.parametrize("code", [0, 99, 1000, 65_000])
def test_a_status_that_no_server_can_send_is_500_and_the_worker_lives(web, flavour, code):
    assert web.get(f"/{flavour}/status/{code}").status == 500
    assert web.get("/").body == b"home"


@pytest.mark.parametrize("kind", ["name", "crlf", "nul", "empty"])
def test_case_43_an_invalid_header_from_the_application_is_500_and_the_worker_lives(web, flavour, kind):
    answer = web.get(f"/{flavour}/bad-header?kind={kind}")
    assert answer.status == 500
    assert answer.header("X-Injected") is None
    assert web.get("/").body == b"home"


def test_repeated_headers_and_cookies_are_sent_each_on_its_own(web):
    answer = web.get("/s/headers")
    assert answer.header_list("X-Many") == ["one", "two"]
    assert [cookie.split("=")[0] for cookie in answer.header_list("Set-Cookie")] == ["first", "second"]


def test_a_header_value_beyond_ascii_is_sent_as_latin_1(web):
    sent = web.get("/s/headers").header("X-Latin").encode("latin-1")
    # Granian takes text for its WSGI and RSGI interfaces and sends it as UTF-8.
    assert sent == "caf\u00e9".encode("utf-8" if web.name in ("granian-wsgi", "granian-rsgi") else "latin-1")


def test_json_is_sent_with_its_type(web):
    answer = web.get("/s/json-answer")
    assert answer.header("Content-Type") == "application/json"
    assert json.loads(answer.body) == {"a": [None, True, "\u00e9"], "b": 1}


def test_all_256_byte_values_arrive_unchanged(web):
    assert web.get("/s/bytes").body == bytes(range(256))


def test_a_redirect_names_the_place(web):
    answer = web.get("/s/go", [("Host", "own.example")])
    assert (answer.status, answer.header("Location")) == (302, "/s/arrived")


def test_an_external_url_has_the_host_the_client_asked_for(web):
    answer = web.get("/s/go?external", [("Host", "own.example:8080")])
    assert answer.header("Location") == "http://own.example:8080/s/arrived"


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410, 418, 451, 503])
def test_abort_answers_with_its_status(web, flavour, code):
    assert web.get(f"/{flavour}/abort/{code}").status == code


@pytest.mark.parametrize("query", ["", "?async"])
def test_sync_and_async_error_handlers_answer_for_both_kinds_of_view(web, flavour, query):
    answer = web.get(f"/{flavour}/teapot{query}")
    assert answer.status == 418
    assert answer.text.endswith(f"for /{flavour}/teapot")


def test_case_50_an_exception_is_500_without_a_traceback(web, flavour):
    answer = web.get(f"/{flavour}/boom")
    assert answer.status == 500
    assert b"Traceback" not in answer.body
    assert b"secret" not in answer.body


def test_after_this_request_sees_the_response(web):
    assert web.get("/s/after").header("X-After") == "added"
