"""Fault 10: the store is gone, and comes back. A real server is killed, frozen and started again."""

from __future__ import annotations

import logging
import time

import pytest

from demijohn import session, websocket
from demijohn.sessions.server_side import MemoryStore, RedisStore, StoreUnavailable
from demijohn.testing import WebSocketRejected


@pytest.fixture
def lost(own_redis, make_site, way):
    """A function that makes a site with a session that has begun, and takes its Redis away."""
    clients = []

    def lose(error_page=None, **settings):
        site = make_site(RedisStore(own_redis.url, timeout=0.3), way[1], **settings)
        if error_page is not None:
            site.app.register_error_handler(503, error_page)
        site.client = site.app.test_client(protocol=way[0])
        clients.append(site.client)
        site.client.get("/set/a/1")
        own_redis.stop()
        return site

    yield lose
    for client in clients:
        client.close()


def test_a_request_that_needs_its_session_gets_503_and_says_when_to_come_back(lost):
    answer = lost().client.get("/get/a")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "not available" in answer.text


def test_a_request_that_does_not_need_its_session_is_answered(lost):
    assert lost().client.get("/plain").text == "plain"


def test_a_request_without_session_is_answered_unless_it_begins_one(lost, sid):
    site = lost()
    site.client.delete_cookie("session")
    assert site.client.get("/get/a").text == "None"
    answer = site.client.get("/set/a/1")
    assert answer.status_code == 503
    assert "Set-Cookie" not in answer.headers
    assert "/set" not in answer.text


def test_it_recovers_by_itself_and_the_next_request_succeeds(lost, own_redis):
    site = lost()
    assert site.client.get("/get/a").status_code == 503
    own_redis.start()
    assert site.client.get("/get/a").text == "None"
    site.client.get("/set/a/2")
    assert site.client.get("/get/a").text == "2"


def test_a_restart_between_two_requests_is_not_noticed(lost, own_redis):
    site = lost()
    own_redis.start()
    assert site.client.get("/set/a/2").status_code == 200
    assert site.client.get("/get/a").text == "2"


def test_by_setting_the_session_is_empty_and_refuses_changes(lost):
    site = lost(SESSION_WHEN_UNAVAILABLE="empty")
    assert site.client.get("/get/a").text == "None"
    assert site.client.get("/set/a/2").status_code == 503
    # A logout that did not happen is not reported as done.
    assert site.client.get("/clear").status_code == 503
    assert site.client.get("/regenerate").status_code == 503


def test_a_server_that_does_not_answer_costs_one_time_out_a_second(own_redis, make_site):
    asked = []

    class Counting(RedisStore):
        def get(self, key):
            asked.append(key)
            return super().get(key)

    site = make_site(Counting(own_redis.url, timeout=0.3))
    client = site.app.test_client()
    client.get("/set/a/1")
    own_redis.freeze()
    try:
        start = time.monotonic()
        assert [client.get("/get/a").status_code for _ in range(20)] == [503] * 20
        assert 1 <= len(asked) <= 1 + (time.monotonic() - start)
    finally:
        own_redis.thaw()
    deadline = time.monotonic() + 30
    while (answer := client.get("/get/a")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answer.text == "1"


def test_the_log_says_once_that_it_is_gone_and_once_that_it_is_back(lost, own_redis, caplog):
    site = lost()
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            site.client.get("/get/a")
        own_redis.start()
        site.client.get("/get/a")
        site.client.get("/get/a")
    messages = [r.getMessage() for r in caplog.records if "store of sessions" in r.getMessage()]
    assert len(messages) == 2
    assert "not available: Redis:" in messages[0]
    assert "is back after" in messages[1]


def test_an_error_page_that_looks_at_the_session_finds_it_empty(lost):
    site = lost(error_page=lambda e: (f"later, {session.get('name', 'stranger')}", 503))
    assert site.client.get("/get/a").text == "later, stranger"
    assert site.client.get("/set/b/1").text == "later, stranger"


def test_the_error_page_of_the_application_is_used_when_saving_fails():
    class Full(MemoryStore):
        def create(self, key, data, lifetime):
            raise StoreUnavailable("full")

    from demijohn import Flask
    from demijohn.sessions.server_side import Session

    app = Flask(__name__)
    app.testing = True
    Session(app, Full())
    app.register_error_handler(503, lambda e: ({"error": e.name}, 503, {"X-Later": "1"}))

    @app.get("/")
    def index():
        session["a"] = 1
        return "done", {"X-Secret": "1", "ETag": '"a"'}

    answer = app.test_client().get("/")
    assert (answer.status_code, answer.json) == (503, {"error": "Service Unavailable"})
    assert answer.headers["X-Later"] == "1"
    assert "X-Secret" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_a_websocket_whose_session_cannot_be_saved_is_refused(own_redis, make_site):
    site = make_site(RedisStore(own_redis.url, timeout=0.3))

    @site.app.websocket("/ws")
    async def talk():
        session["seen"] = "1"
        await websocket.send("saved")

    own_redis.stop()
    with site.app.test_client(protocol="asgi") as client:
        with pytest.raises(WebSocketRejected) as refused, client.websocket("/ws"):
            pass
        assert refused.value.response.status_code == 503
        own_redis.start()
        with client.websocket("/ws") as socket:
            assert socket.receive() == "saved"
