"""What is published reaches all who have subscribed, in order and once, in this process and through Redis."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from demijohn import Broadcast, Flask, Lagged


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


async def take(subscription, count):
    return [(await anext(subscription)).data for _ in range(count)]


@pytest.mark.parametrize("data", ["text é", b"\xff\x00", {"price": [1, None, "é"]}, 12, None, True])
def test_text_bytes_and_json_arrive_as_they_were(make, data):
    async def main():
        broadcast = make()
        subscription = broadcast.subscribe("wine")
        published = await broadcast.publish("wine", data)
        message = await anext(subscription)
        assert (message.channel, message.data, message.id) == ("wine", data, published)

    run(main())


def test_what_json_cannot_hold_is_a_type_error_there_and_then(make):
    broadcast = make()
    with pytest.raises(TypeError):
        broadcast.publish("wine", object())


def test_what_one_changes_no_other_sees():
    async def main():
        broadcast = Broadcast()
        first, second = broadcast.subscribe("wine"), broadcast.subscribe("wine")
        given = {"price": 1}
        broadcast.publish("wine", given)
        given["price"] = 2
        (await anext(first)).data["price"] = 3
        assert (await anext(second)).data == {"price": 1}

    run(main())


def test_only_what_is_published_after_the_subscription_is_given(make):
    async def main():
        broadcast = make()
        broadcast.publish("wine", "before")
        await broadcast.publish("wine", "before too")
        subscription = broadcast.subscribe("wine")
        broadcast.publish("wine", "after")
        assert await take(subscription, 1) == ["after"]

    run(main())


def test_the_order_of_the_calls_is_kept_though_none_is_awaited(make):
    async def main():
        broadcast = make()
        subscription = broadcast.subscribe("wine", "beer", capacity=300)
        for number in range(200):
            broadcast.publish(("wine", "beer")[number % 2], number)
        assert await take(subscription, 200) == list(range(200))

    run(main())


def test_a_channel_that_was_not_asked_for_is_not_heard(make):
    async def main():
        broadcast = make()
        subscription = broadcast.subscribe("wine")
        broadcast.publish("beer", 1)
        broadcast.publish("wine", 2)
        assert await take(subscription, 1) == [2]

    run(main())


def test_sync_code_publishes_and_listens_in_threads(make):
    broadcast = make()
    subscription = broadcast.subscribe("wine")
    heard = []
    listener = threading.Thread(target=lambda: heard.extend(next(subscription).data for _ in range(3)))
    listener.start()
    for number in range(3):
        broadcast.publish("wine", number)
    listener.join(10)
    assert heard == [0, 1, 2]


def test_a_listener_on_a_loop_is_woken_from_another_thread(make):
    async def main():
        broadcast = make()
        subscription = broadcast.subscribe("wine")
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(broadcast.publish, "wine", "from a thread")
        assert (await waiting).data == "from a thread"

    run(main())


def test_a_full_subscription_is_closed_with_what_waited_given_first(make):
    async def main():
        broadcast = make(history=20)
        subscription = broadcast.subscribe("wine", capacity=3)
        other = broadcast.subscribe("wine")
        for number in range(5):
            await broadcast.publish("wine", number)
        await take(other, 5)
        messages = [await anext(subscription) for _ in range(3)]
        assert [message.data for message in messages] == [0, 1, 2]
        with pytest.raises(Lagged, match="capacity"):
            await anext(subscription)
        # What it missed is to be had.
        again = broadcast.subscribe("wine", after=messages[-1].id)
        assert await take(again, 2) == [3, 4]

    run(main())


def test_a_full_subscription_may_drop_the_oldest_and_counts_them(make):
    async def main():
        broadcast = make()
        subscription = broadcast.subscribe("wine", capacity=3, on_full="oldest")
        other = broadcast.subscribe("wine")
        for number in range(5):
            await broadcast.publish("wine", number)
        await take(other, 5)
        assert await take(subscription, 3) == [2, 3, 4]
        assert subscription.dropped == 2

    run(main())


def test_who_comes_back_gets_all_after_a_known_id_then_live_and_nothing_twice(make):
    async def main():
        broadcast = make(history=10)
        live = broadcast.subscribe("wine")
        ids = [await broadcast.publish("wine", number) for number in range(5)]
        await broadcast.publish("beer", "not asked for")
        await take(live, 5)
        back = broadcast.subscribe("wine", after=ids[1])
        broadcast.publish("wine", 5)
        assert await take(back, 4) == [2, 3, 4, 5]
        assert not back.reset

    run(main())


@pytest.mark.parametrize("after", ["nonsense", "1-1", "99999999999999-1", "٣-٣", "too old"])
def test_an_id_that_is_unknown_or_too_old_is_told_and_only_new_ones_come(make, after):
    async def main():
        broadcast = make(history=3)
        live = broadcast.subscribe("wine")
        ids = [await broadcast.publish("wine", number) for number in range(6)]
        await take(live, 6)
        back = broadcast.subscribe("wine", after=ids[1] if after == "too old" else after)
        for _ in range(60):  # an id from the future may be another process's, until Redis says no
            if back.reset:
                break
            await asyncio.sleep(0.05)
        assert back.reset
        broadcast.publish("wine", "new")
        assert await take(back, 1) == ["new"]

    run(main())


def test_closing_ends_the_iteration_also_while_it_waits(make):
    async def main():
        broadcast = make()
        subscription = broadcast.subscribe("wine")
        waiting = asyncio.ensure_future(anext(subscription, "the end"))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(subscription.close)
        assert await waiting == "the end"
        assert [message async for message in subscription] == []

    run(main())


def test_a_subscription_that_nobody_has_is_forgotten():
    broadcast = Broadcast()
    for number in range(100):
        broadcast.subscribe(f"channel {number}")
    gc.collect()
    broadcast.subscribe("wine")
    assert len(broadcast._hub._channels) <= 1


def test_two_who_iterate_over_one_subscription_are_told():
    async def main():
        subscription = Broadcast().subscribe("wine")
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="one subscription"):
            await anext(subscription)
        waiting.cancel()

    run(main())


@pytest.mark.parametrize(
    ("channels", "options", "says"),
    [
        ((), {}, "no channel"),
        (("wine",), {"capacity": 0}, "capacity"),
        (("wine",), {"on_full": "newest"}, "on_full"),
    ],
)
def test_what_makes_no_sense_is_refused(channels, options, says):
    with pytest.raises(ValueError, match=says):
        Broadcast().subscribe(*channels, **options)


def test_json_is_written_as_the_application_writes_it():
    app = Flask(__name__)
    app.json.default = lambda value: f"<{type(value).__name__}>"
    with app.app_context():
        broadcast = Broadcast()
        subscription = broadcast.subscribe("wine")
        broadcast.publish("wine", {"at": object()})
        assert next(subscription).data == {"at": "<object>"}
