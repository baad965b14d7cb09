"""What a store promises, by each of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn.sessions.server_side import RedisStore, SQLStore


def test_what_is_kept_is_got_with_the_time_that_is_left(store):
    store.create("a", b"\x00data\xff", 60)
    found = store.get("a")
    assert found.data == b"\x00data\xff"
    assert 57 < found.seconds_left <= 61


def test_what_is_not_kept_is_none(store):
    assert store.get("a") is None


def test_what_is_there_can_be_replaced(store):
    store.create("a", b"old", 10)
    assert store.replace("a", b"new", 60)
    assert store.get("a").data == b"new"
    assert store.get("a").seconds_left > 50


def test_the_same_data_can_be_written_again(store):
    store.create("a", b"same", 60)
    assert store.replace("a", b"same", 60)
    assert store.replace("a", b"same", 60)


def test_what_was_deleted_is_not_brought_back_by_replacing_it(store):
    store.create("a", b"data", 60)
    store.delete("a")
    assert not store.replace("a", b"data", 60)
    assert store.get("a") is None
    store.delete("a")


def test_touching_lengthens_the_time_and_leaves_the_data(store):
    store.create("a", b"data", 5)
    store.touch("a", 100)
    assert store.get("a").data == b"data"
    assert store.get("a").seconds_left > 90
    store.touch("nothing", 100)
    assert store.get("nothing") is None


def test_what_has_expired_is_gone_and_can_be_cleared_out(store, count):
    store.create("a", b"data", 1)
    store.create("b", b"data", 60)
    deadline = time.monotonic() + 30
    while store.get("a") is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert store.get("a") is None
    assert not store.replace("a", b"data", 60)
    assert store.clear_expired() == (0 if isinstance(store, RedisStore) else 1)
    assert count(store) == 1
    assert store.get("b").data == b"data"


def test_a_large_record_is_kept_whole(store):
    data = bytes(range(256)) * 4096
    store.create("a", data, 60)
    assert store.get("a").data == data


def test_records_under_other_keys_of_the_same_redis_are_left_alone(redis_store):
    redis_store.client.set("mine", "1")
    redis_store.create("mine", b"data", 60)
    assert redis_store.client.get("mine") == b"1"
    assert redis_store.client.get("session:mine") == b"data"


def test_a_redis_client_that_decodes_is_refused(shared_redis):
    import redis

    with pytest.raises(ValueError, match="decode_responses"):
        RedisStore(redis.Redis(port=shared_redis.port, decode_responses=True))


def test_a_url_of_valkey_is_understood(shared_redis):
    store = RedisStore(shared_redis.url.replace("redis://", "valkey://"))
    store.create("v", b"data", 60)
    assert store.get("v").data == b"data"


def test_what_is_no_database_is_refused():
    with pytest.raises(TypeError, match="SESSION_SQLALCHEMY = db"):
        SQLStore(None)


def test_of_several_claims_of_a_key_one_wins(store):
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda _: store.claim("k", b"x", 60), range(8)))
    assert sorted(won) == [False] * 7 + [True]
    store.delete("k")
    assert store.claim("k", b"y", 60)


def test_what_has_run_out_can_be_claimed(store):
    assert store.claim("k", b"x", 1)
    time.sleep(1.1)
    assert store.claim("k", b"y", 60)
    assert store.get("k").data == b"y"
