"""One session, whatever keeps it, over WSGI and ASGI, in sync and async views."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from demijohn import session, websocket
from demijohn.sessions.server_side import MemoryStore


def test_what_is_set_is_there_in_the_next_request_and_nobody_elses(site):
    site.client.get("/set/a/1")
    assert site.client.get("/get/a").text == "1"
    assert site.other.get("/get/a").text == "None"


def test_what_is_removed_is_gone(site):
    site.client.get("/set/a/1")
    site.client.get("/set/b/2")
    assert site.client.get("/pop/a").text == "1"
    assert site.client.get("/get/a").text == "None"
    assert site.client.get("/get/b").text == "2"


def test_clearing_ends_it_in_the_browser_and_in_the_store(site, count, sid):
    site.client.get("/set/a/1")
    assert count(site.store) == 1
    site.client.get("/clear")
    assert sid(site.client) is None
    assert count(site.store) == 0


def test_case_34_a_regenerated_session_keeps_its_contents_under_a_new_identifier(site, count, sid):
    site.client.get("/set/a/1")
    old = sid(site.client)
    site.client.get("/regenerate")
    new = sid(site.client)
    assert new != old
    assert site.client.get("/get/a").text == "1"
    assert count(site.store) == 1
    site.client.set_cookie("session", old)
    assert site.client.get("/get/a").text == "None"


def test_case_35_made_up_identifiers_make_no_records_and_are_never_used(site, count, sid):
    for made_up in ("x" * 43, "x", "../../etc/passwd", "session:*", "x" * 3_000):
        site.client.set_cookie("session", made_up)
        assert site.client.get("/get/a").text == "None"
        assert count(site.store) == 0
    site.client.set_cookie("session", "x" * 43)
    site.client.get("/set/a/1")
    assert sid(site.client) != "x" * 43
    site.other.set_cookie("session", "x" * 43)
    assert site.other.get("/get/a").text == "None"


def test_case_35_looking_at_a_session_makes_no_record_and_no_cookie(site, count):
    for path in ("/get/a", "/in/a", "/pop/a", "/plain", "/regenerate"):
        assert "Set-Cookie" not in site.client.get(path).headers
    assert count(site.store) == 0


def test_case_30_whoever_looked_depends_on_the_cookie_and_nobody_else(site):
    site.client.get("/set/a/1")
    for path in ("/get/a", "/in/a", "/set/b/1", "/clear"):
        answer = site.client.get(path)
        assert answer.headers["Vary"] == "Cookie"
        assert answer.headers["Cache-Control"] == "private"
    assert "Vary" not in site.client.get("/plain").headers


def test_a_session_that_is_not_changed_is_not_written(site, sid):
    site.client.get("/set/a/1")
    calls = []
    for name in ("create", "replace", "touch", "delete"):
        setattr(site.store, name, lambda *args, name=name: calls.append(name))
    assert "Set-Cookie" not in site.client.get("/get/a").headers
    assert calls == []


def test_types_that_json_lacks_come_back_as_they_were(site):
    kept = {"t": (1, 2), "b": b"\xff", "d": datetime(2026, 1, 2, tzinfo=UTC), "n": {"deep": [None, 1.5, "é"]}}

    def put():
        session.update(kept)
        return ""

    def same():
        return str(dict(session) == kept and type(session["t"]) is tuple)

    site.add("/put", put)
    site.add("/same", same)
    site.client.get("/put")
    assert site.client.get("/same").text == "True"


def test_a_permanent_session_has_a_date_and_is_kept_as_long(site):
    site.app.permanent_session_lifetime = timedelta(minutes=10)
    site.client.get("/set/a/1")
    assert "Expires" not in site.client.get("/set/a/1").headers["Set-Cookie"]
    site.client.get("/permanent")
    cookie = site.client.get_cookie("session")
    left = (cookie.expires - datetime.now(UTC)).total_seconds()
    assert 590 < left <= 601


def test_a_permanent_session_lives_from_use_to_use(site, sid):
    site.client.get("/permanent")
    stored = site.store.get(_key(sid(site.client)))
    site.store.replace(_key(sid(site.client)), stored.data, 1000)
    assert "Expires" in site.client.get("/get/a").headers["Set-Cookie"]
    assert site.store.get(_key(sid(site.client))).seconds_left > 2_000_000


def test_a_use_shortly_after_another_does_not_touch_the_store(site):
    site.client.get("/permanent")
    calls = []
    site.store.touch = lambda *args: calls.append(args)
    assert "Expires" in site.client.get("/get/a").headers["Set-Cookie"]
    assert calls == []


def test_a_transaction_of_the_test_client_changes_the_session(site, count):
    with site.client.session_transaction() as kept:
        kept["a"] = "1"
    assert site.client.get("/get/a").text == "1"
    with site.client.session_transaction() as kept:
        assert dict(kept) == {"a": "1"}
        kept.clear()
    assert count(site.store) == 0


def test_a_transaction_works_in_async_tests_too(store, make_site):
    site = make_site(store, async_views=True)

    async def main():
        client = site.app.async_test_client()
        async with client.session_transaction() as kept:
            kept["a"] = "1"
        return (await client.get("/get/a")).text

    assert asyncio.run(main()) == "1"


def test_a_slower_request_does_not_bring_an_ended_session_back(site, count, sid):
    """A logout in one request, while another that began earlier has still to save the session."""
    began, go_on = threading.Event(), threading.Event()

    def slow():
        session["late"] = "1"
        began.set()
        go_on.wait(60)
        return ""

    site.add("/slow", slow)
    site.client.get("/set/a/1")
    old = sid(site.client)
    site.other.set_cookie("session", old)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(site.other.get, "/slow")
        assert began.wait(60)
        site.client.get("/regenerate")
        go_on.set()
        answer = late.result(10)
    assert "Set-Cookie" not in answer.headers
    assert count(site.store) == 1
    site.other.set_cookie("session", old)
    assert site.other.get("/get/a").text == "None"


def test_the_store_is_asked_off_the_event_loop_for_an_async_view_below_a_plain_decorator(make_site):
    store, threads, loops = MemoryStore(), [], []
    get = store.get
    store.get = lambda *a: (threads.append(threading.get_ident()), get(*a))[1]
    site = make_site(store)

    async def read():
        loops.append(threading.get_ident())
        return str(session.get("a"))

    @functools.wraps(read)
    def counted():
        return read()

    site.add("/read", counted)
    with site.app.test_client(protocol="asgi") as client:
        client.get("/set/a/1")
        assert client.get("/read").text == "1"
    assert threads
    assert not set(threads) & set(loops)


def test_the_store_is_asked_off_the_event_loop_for_async_views(make_site):
    store, threads = MemoryStore(), []
    site = make_site(store, async_views=True)
    for name in ("get", "create", "replace"):
        real = getattr(store, name)
        setattr(store, name, lambda *a, real=real: (threads.append(threading.get_ident()), real(*a))[1])
    loops = []

    async def where():
        loops.append(threading.get_ident())
        session["b"] = session["a"]
        return ""

    site.add("/where", where)
    with site.app.test_client(protocol="asgi") as client:
        client.get("/set/a/1")
        client.get("/where")
    assert len(threads) >= 3
    assert not set(threads) & set(loops)


def test_a_page_without_the_session_asks_the_store_nothing(make_site, way):
    class Silent(MemoryStore):
        def get(self, key):
            raise AssertionError("the store was asked")

    protocol, async_views = way
    site = make_site(Silent(), async_views)
    with site.app.test_client(protocol=protocol) as client:
        assert client.get("/plain").text == "plain"
        assert client.get("/get/a").text == "None"
        if not async_views:
            client.set_cookie("session", "x" * 43)
            assert client.get("/plain").text == "plain"


def test_a_websocket_has_the_session_and_may_change_it_before_it_accepts(store, make_site):
    site = make_site(store, async_views=True)

    @site.app.websocket("/ws")
    async def talk():
        session["seen"] = session.get("a", "nothing")
        await websocket.send(session["seen"])

    with site.app.test_client(protocol="asgi") as client:
        client.get("/set/a/1")
        with client.websocket("/ws") as ws:
            assert ws.receive() == "1"
        assert client.get("/get/seen").text == "1"


def test_a_websocket_saves_its_session_off_the_event_loop(make_site):
    store, threads, loops = MemoryStore(), [], []
    create = store.create
    store.create = lambda *a: (threads.append(threading.get_ident()), create(*a))[1]
    site = make_site(store, async_views=True)

    @site.app.websocket("/ws")
    async def talk():
        loops.append(threading.get_ident())
        session["seen"] = "1"
        await websocket.send("saved")

    with site.app.test_client(protocol="asgi") as client:
        with client.websocket("/ws") as ws:
            assert ws.receive() == "saved"
        assert client.get("/get/seen").text == "1"
    assert threads
    assert not set(threads) & set(loops)


def test_sessions_changed_by_many_requests_at_once_do_not_mix(site):
    def one(number):
        client = site.app.test_client(protocol=site.client.protocol)
        try:
            for step in range(5):
                client.get(f"/set/n/{number}-{step}")
                assert client.get("/get/n").text == f"{number}-{step}"
        finally:
            client.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(16)))


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_both_formats_are_read_whatever_is_written(redis_store, make_site, form):
    other = {"json": "msgpack", "msgpack": "json"}[form]
    before = make_site(redis_store, SESSION_SERIALIZATION_FORMAT=form)
    after = make_site(redis_store, SESSION_SERIALIZATION_FORMAT=other)
    client, later = before.app.test_client(), after.app.test_client()
    client.get("/set/a/1")
    later.set_cookie("session", client.get_cookie("session").value)
    assert later.get("/get/a").text == "1"


def _key(sid):
    from hashlib import sha256

    return sha256(sid.encode()).hexdigest()
