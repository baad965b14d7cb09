"""A broadcast of several workers: ids that hold in all of them, and a Redis that goes and comes back (fault 10)."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
import redis

from demijohn import Broadcast, BroadcastUnavailable


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 30))


@pytest.fixture
def two(own_redis):
    """Two broadcasts of one name, as two workers have them."""
    pair = Broadcast(own_redis.url, history=10), Broadcast(own_redis.url, history=10)
    yield pair
    for broadcast in pair:
        broadcast.close()


def test_an_id_of_one_worker_is_known_to_another(two):
    async def main():
        first, second = two
        ids = [await first.publish("wine", number) for number in range(4)]
        back = second.subscribe("wine", after=ids[0])
        assert [(await anext(back)).data for _ in range(3)] == [1, 2, 3]

    run(main())


def test_an_id_that_a_worker_has_not_read_yet_is_not_taken_for_unknown(two):
    async def main():
        first, second = two
        second.subscribe("wine").close()  # it reads from here on
        for number in range(30):
            known = await first.publish("wine", number)
            back = second.subscribe("wine", after=known)
            await first.publish("wine", "next")
            assert (await anext(back)).data == "next"
            assert not back.reset

    run(main())


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_publishing_without_redis_is_an_error_within_a_second(two, own_redis, how):
    first, _ = two
    first.publish("wine", 1)
    getattr(own_redis, how)()
    began = time.monotonic()
    with pytest.raises(BroadcastUnavailable):
        first.publish("wine", 2)
    assert time.monotonic() - began < 1.2

    async def main():
        results = [first.publish("wine", number) for number in range(5)]
        began = time.monotonic()
        for result in results:
            with pytest.raises(BroadcastUnavailable):
                await result
        assert time.monotonic() - began < 2.2

    run(main())
    if how == "freeze":
        own_redis.thaw()


def test_fault_10_a_redis_that_was_gone_is_taken_up_again_with_one_warning(two, own_redis, caplog):
    async def main():
        first, second = two
        subscription = second.subscribe("wine")
        await first.publish("wine", "before")
        assert (await anext(subscription)).data == "before"
        for attempt in range(2):
            caplog.clear()
            own_redis.stop()
            await asyncio.sleep(0.7)
            own_redis.start()
            began = time.monotonic()
            while True:
                try:
                    await first.publish("wine", attempt)
                    break
                except BroadcastUnavailable:
                    assert time.monotonic() - began < 3
            assert (await asyncio.wait_for(anext(subscription), 3)).data == attempt
            warnings = [r.message for r in caplog.records if r.levelno == logging.WARNING]
            assert len([text for text in warnings if "Broadcast" in text]) <= 2  # one for each of the two
            assert warnings

    run(main())


def test_what_was_published_while_a_worker_could_not_read_is_not_lost(two, own_redis):
    async def main():
        first, second = two
        subscription = second.subscribe("wine")
        await first.publish("wine", 0)
        await anext(subscription)
        with redis.Redis(port=own_redis.port) as admin:
            for client in admin.client_list():
                if "xread" in client["cmd"]:
                    admin.client_kill_filter(_id=client["id"])
        for number in range(1, 4):
            await first.publish("wine", number)
        assert [(await anext(subscription)).data for _ in range(3)] == [1, 2, 3]

    run(main())


def test_a_redis_that_lost_everything_and_whose_clock_went_back_is_heard(two, own_redis):
    async def main():
        first, second = two
        subscription = second.subscribe("wine")
        await first.publish("wine", "before")
        await anext(subscription)
        with redis.Redis(port=own_redis.port) as admin:
            admin.delete("demijohn:broadcast")
            admin.xadd("demijohn:broadcast", {"c": "wine", "k": "text", "d": "after"}, id="1-1")
        assert (await asyncio.wait_for(anext(subscription), 5)).data == "after"
        await first.publish("wine", "and on")
        assert (await asyncio.wait_for(anext(subscription), 5)).data == "and on"

    run(main())


def test_a_subscription_made_without_redis_hears_once_it_is_there(own_redis):
    own_redis.stop()
    broadcast = Broadcast(own_redis.url)

    async def main():
        subscription = broadcast.subscribe("wine")
        own_redis.start()
        for _ in range(100):
            try:
                await broadcast.publish("wine", "hello")
            except BroadcastUnavailable:
                await asyncio.sleep(0.05)
            try:
                return (await asyncio.wait_for(anext(subscription), 0.3)).data
            except TimeoutError:
                continue
        return None

    assert run(main()) == "hello"
    broadcast.close()
