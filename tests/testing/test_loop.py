"""The client's own event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from demijohn.testing.loop import LoopThread


async def value_of(value):
    await asyncio.sleep(0)
    return value


async def fail(error):
    raise error


def test_a_result_comes_back():
    thread = LoopThread()
    assert thread.run(value_of(3)) == 3
    thread.stop()


@pytest.mark.parametrize("error", [KeyError("k"), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_comes_back_and_the_loop_goes_on(error):
    thread = LoopThread()
    with pytest.raises(type(error)):
        thread.run(fail(error))
    assert thread.run(value_of(3)) == 3
    thread.stop()


def test_a_timeout_cancels_the_call():
    cancelled = []

    async def wait():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    thread = LoopThread()
    with pytest.raises(TimeoutError, match=r"0\.05 seconds"):
        thread.run(wait(), 0.05)
    thread.run(value_of(None))
    assert cancelled == [True]
    thread.stop()


def test_hooks_run_on_the_thread_while_the_loop_stands_still():
    seen = []

    def hook(loop):
        seen.append((threading.current_thread().name, loop.is_running()))
        loop.run_until_complete(asyncio.sleep(0))

    LoopThread(hook, hook).stop()
    assert seen == [("test-client", False)] * 2


def test_a_set_up_that_fails_is_raised_and_leaves_no_thread():
    def hook(loop):
        raise KeyError("set-up")

    # Not a count: threads of tests before this one may be ending.
    before = set(threading.enumerate())
    with pytest.raises(KeyError, match="set-up"):
        LoopThread(hook)
    assert set(threading.enumerate()) <= before


def test_a_clean_up_that_fails_is_raised_by_stop():
    def hook(loop):
        raise KeyError("clean-up")

    thread = LoopThread(None, hook)
    with pytest.raises(KeyError, match="clean-up"):
        thread.stop()
    thread.stop()


def test_stop_cancels_what_is_left():
    ended = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def begin():
        begin.task = asyncio.ensure_future(forever())
        await asyncio.sleep(0)

    thread = LoopThread()
    thread.run(begin())
    thread.stop()
    assert ended == [True]


def test_a_call_from_the_loops_own_thread_is_refused_instead_of_hanging():
    thread = LoopThread()

    async def inside():
        with pytest.raises(RuntimeError, match="another client"):
            thread.run(value_of(3))

    thread.run(inside())
    thread.stop()
