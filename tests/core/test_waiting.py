"""Threads that wait for async code: never in circles, on whichever loop they find themselves."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from demijohn import request
from demijohn.waiting.drivers import wait
from demijohn.waiting.loops import drive_hopping
from demijohn.waiting.pool import ThreadPool


@pytest.mark.timeout(20)
def test_sync_code_called_by_an_async_view_may_call_async_code_again(app, client):
    """It blocks the loop meanwhile, as blocking code does, and comes to an end."""

    async def inner():
        await asyncio.sleep(0)
        return f"inner {request.path}"

    @app.route("/")
    async def index():
        return wait(inner())

    assert client.get("/").text == "inner /"


@pytest.mark.timeout(20)
def test_waiting_in_circles_is_an_error_that_says_what_to_do(app, client):
    app.testing = True

    async def nested(depth):
        return wait(nested(depth - 1)) if depth else "never"

    @app.route("/")
    async def index():
        return await nested(9)

    with pytest.raises(RuntimeError, match="Await it instead"):
        client.get("/")


@pytest.mark.timeout(20)
def test_steps_given_up_before_their_thread_began_are_run_all_the_same():
    """They may be the teardown of a request whose client went while every thread was busy."""
    busy, done = threading.Event(), threading.Event()

    def teardown():
        done.set()
        yield from ()

    async def scenario():
        pool = ThreadPool(asyncio.get_running_loop(), 1)
        try:
            occupied = pool.run(contextvars.copy_context(), lambda _: busy.wait(10), None)
            task = asyncio.ensure_future(drive_hopping(teardown(), pool))
            await asyncio.sleep(0)  # its turn is queued
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            busy.set()
            await occupied
            return await asyncio.to_thread(done.wait, 5)
        finally:
            busy.set()
            pool.close()

    assert asyncio.run(scenario())
