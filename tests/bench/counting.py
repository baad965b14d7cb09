"""What one request costs in things that can be counted, so that a guard never depends on a clock."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.apps import demijohn_async, flask_api
from bench.cases import BY_NAME
from bench.drivers import Driver, driver_of

import demijohn

REPEATS = 20
_COUNTED = frozenset({"demijohn", "werkzeug"})


@contextmanager
def driver_for(
    case_name: str, protocol: str, views: str
) -> Iterator[tuple[Driver, asyncio.AbstractEventLoop]]:
    """A warm driver of the benchmark's demijohn application, its answer checked; `views` is sync or async."""
    case = BY_NAME[case_name]
    make = demijohn_async.make if views == "async" else lambda kind: flask_api.build(demijohn, kind)
    app = make(case.kind)
    loop = asyncio.new_event_loop()
    try:
        driver = driver_of(case, protocol, app, loop, most_visitors=REPEATS)
        for _ in range(3):
            assert case.check(driver.once()) is None, case.check(driver.once())
        yield driver, loop
    finally:
        loop.close()


def calls_per_request(driver: Driver) -> float:
    """Functions of demijohn and Werkzeug entered or resumed per request, in this thread.

    Jinja's and the standard library's depend on their version; C functions are not counted.
    """
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        if event == "call" and frame.f_globals.get("__name__", "").partition(".")[0] in _COUNTED:
            count += 1

    driver.run(REPEATS)
    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        driver.run(REPEATS)
    finally:
        sys.setprofile(previous)
    return count / REPEATS


def garbage_per_request(driver: Driver) -> float:
    """Objects per request that only the cyclic collector can free."""
    driver.run(REPEATS)
    enabled = gc.isenabled()
    gc.disable()
    try:
        gc.collect()
        driver.run(REPEATS)
        return gc.collect() / REPEATS
    finally:
        if enabled:
            gc.enable()


def tasks_per_request(driver: Driver, loop: asyncio.AbstractEventLoop) -> float:
    """Tasks created per request on the server's loop, the harness's own one not counted."""
    made = 0

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        nonlocal made
        made += 1
        return asyncio.Task(coroutine, loop=loop, **options)

    driver.run(REPEATS)
    loop.set_task_factory(factory)
    driver.run(REPEATS)
    loop.set_task_factory(None)
    return (made - 1) / REPEATS
