"""The drivers of the pipeline alone: one generator, run to its end in three ways with one result."""

from __future__ import annotations

import asyncio
import threading

import pytest

from demijohn.waiting.drivers import drive
from demijohn.waiting.loops import drive_here, drive_hopping
from demijohn.waiting.pool import ThreadPool
from demijohn.waiting.steps import HOP


async def waited(value):
    await asyncio.sleep(0)
    return value


async def failing():
    await asyncio.sleep(0)
    raise LookupError("awaited")


def on_a_loop(driver):
    def run(steps):
        async def inside():
            pool = ThreadPool(asyncio.get_running_loop(), 2)
            try:
                return await driver(steps, pool)
            finally:
                pool.close()

        return asyncio.run(inside())

    return run


DRIVERS = {"blocking": drive, "in place": on_a_loop(drive_here), "hopping": on_a_loop(drive_hopping)}


@pytest.fixture(params=DRIVERS.values(), ids=DRIVERS)
def run(request):
    return request.param


def test_what_is_awaited_comes_back_and_what_is_returned_is_the_result(run):
    def steps():
        first = yield waited(1)
        second = yield waited(first + 1)
        return [first, second]

    assert run(steps()) == [1, 2]


def test_without_anything_to_await_it_is_a_plain_call(run):
    def steps():
        return "result"
        yield

    assert run(steps()) == "result"


def test_an_error_of_what_is_awaited_is_raised_where_it_was_yielded(run):
    def steps():
        try:
            yield failing()
        except LookupError as e:
            return f"caught {e}"

    assert run(steps()) == "caught awaited"


def test_an_error_of_the_steps_reaches_the_caller(run):
    def steps():
        yield waited(1)
        raise ValueError("of the steps")

    with pytest.raises(ValueError, match="of the steps"):
        run(steps())


def test_a_hop_leaves_the_loop_for_good(run):
    def steps():
        yield waited(1)
        yield HOP
        first = threading.current_thread().name
        yield waited(2)
        return first, threading.current_thread().name

    names = run(steps())
    assert not any(name.startswith("asyncio") for name in names)
    if run is not DRIVERS["blocking"]:
        assert all(name.startswith("demijohn-") for name in names)


def test_cancelling_closes_the_steps():
    """A request whose server gives it up runs its `finally` blocks."""
    ended = []

    def steps():
        try:
            yield asyncio.sleep(60)
        finally:
            ended.append("closed")

    async def inside():
        pool = ThreadPool(asyncio.get_running_loop(), 2)
        for driver in (drive_here, drive_hopping):
            task = asyncio.ensure_future(driver(steps(), pool))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        pool.close()

    asyncio.run(inside())
    assert ended == ["closed", "closed"]
