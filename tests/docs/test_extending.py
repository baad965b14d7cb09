"""The extension of the page on extending, used as its application uses it."""

from __future__ import annotations

import threading
import time

import pytest
from tests.docs.conftest import EXAMPLES

from demijohn import extend


@pytest.fixture
def example(load_example):
    return load_example("extending/app")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_key_says_whose_request_it_is(example, protocol):
    with example.app.test_client(protocol=protocol) as client:
        answer = client.get("/", headers={"X-Key": "k-1"})
        assert (answer.text, answer.headers["X-Owner"]) == ("Hello Ada", "Ada")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_without_a_key_there_is_a_problem_and_whoever_listens_is_told(example, protocol, caplog):
    with example.app.test_client(protocol=protocol) as client:
        answer = client.get("/")
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.json["title"] == "Unauthorized"
        # The signal is sent on a loop, where an async listener hears it a little later.
        deadline = time.monotonic() + 10
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
    assert caplog.messages == ["no key from 127.0.0.1"]


def test_the_finder_may_be_a_plain_function_which_then_runs_in_a_thread(example):
    seen = []

    @example.keys.finder
    def find(key):
        seen.append(threading.get_ident())
        return "Bob"

    @example.app.get("/thread")
    async def thread():
        seen.append(threading.get_ident())
        return ""

    with example.app.test_client(protocol="asgi") as client:
        assert client.get("/thread").headers["X-Owner"] == "Bob"
    assert len(set(seen)) == 2


@pytest.mark.parametrize("name", extend.__all__)
def test_the_page_shows_what_extensions_are_written_with(name):
    page = (EXAMPLES.parent / "extending.md").read_text()
    assert f"`{name}" in page or f"`await {name}" in page or f"`@{name}" in page
