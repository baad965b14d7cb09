"""The thread pool alone: what is submitted is run once, in its context, and delivered to its loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time

import pytest

from demijohn.waiting.pool import ThreadPool

variable = contextvars.ContextVar("variable", default="unset")


def run(scenario, size=4):
    """Run `scenario(pool)` on a loop of its own."""

    async def inside():
        pool = ThreadPool(asyncio.get_running_loop(), size)
        try:
            return await scenario(pool)
        finally:
            pool.close()

    return asyncio.run(inside())


def copied():
    return contextvars.copy_context()


def test_a_job_runs_in_a_thread_and_its_result_is_awaited():
    async def scenario(pool):
        return await pool.run(copied(), lambda word: (word, threading.current_thread().name), "given")

    word, thread = run(scenario)
    assert word == "given"
    assert thread.startswith("demijohn-")


def test_the_error_of_a_job_is_raised_where_it_is_awaited():
    async def scenario(pool):
        await pool.run(copied(), lambda _: 1 / 0, None)

    with pytest.raises(ZeroDivisionError):
        run(scenario)


def test_a_job_runs_in_the_context_it_was_given():
    async def scenario(pool):
        context = copied()
        context.run(variable.set, "given")
        seen = await pool.run(context, lambda _: (variable.get(), variable.set("changed")), None)
        return seen[0], context[variable], variable.get()

    assert run(scenario) == ("given", "changed", "unset")


def test_jobs_run_at_once_up_to_the_size():
    async def scenario(pool):
        barrier = threading.Barrier(3)
        return await asyncio.gather(*(pool.run(copied(), lambda _: barrier.wait(20), None) for _ in range(3)))

    assert sorted(run(scenario, size=3)) == [0, 1, 2]


def test_more_jobs_than_threads_wait_in_order():
    async def scenario(pool):
        done = []
        await asyncio.gather(*(pool.run(copied(), done.append, number) for number in range(50)))
        return done, len({thread for thread in threading.enumerate() if thread.name.startswith("demijohn-")})

    done, threads = run(scenario, size=1)
    assert done == list(range(50))


def test_threads_are_started_only_as_they_are_needed():
    async def scenario(pool):
        for _ in range(10):
            await pool.run(copied(), lambda _: None, None)
        return len(pool._threads)

    assert run(scenario, size=8) == 1


def test_a_job_nobody_waits_for_any_more_harms_nobody():
    async def scenario(pool):
        release = threading.Event()
        job = pool.run(copied(), lambda _: release.wait(20), None)
        job.cancel()
        release.set()
        return await pool.run(copied(), lambda word: word, "next")

    assert run(scenario) == "next"


def test_nothing_of_a_finished_job_is_kept_alive():
    import gc
    import weakref

    class Thing:
        pass

    async def scenario(pool):
        thing = Thing()
        seen = weakref.ref(thing)
        await pool.run(copied(), lambda argument: None, thing)
        del thing
        for _ in range(500):  # its thread has to come to its next wait
            gc.collect()
            if seen() is None:
                break
            await asyncio.sleep(0.01)
        return seen()

    assert run(scenario) is None


def test_after_close_the_threads_end_when_their_jobs_are_done():
    finished = []

    async def scenario(pool):
        job = pool.run(copied(), lambda _: time.sleep(0.02) or finished.append(1), None)
        threads = list(pool._threads)
        pool.close()
        await job
        return threads

    for thread in run(scenario):
        thread.join(5)
        assert not thread.is_alive()
    assert finished == [1]


def test_results_that_are_ready_together_are_all_delivered():
    async def scenario(pool):
        jobs = [pool.run(copied(), lambda number: number * 2, number) for number in range(500)]
        return await asyncio.gather(*jobs)

    assert run(scenario) == [number * 2 for number in range(500)]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("size", [0, -1, "8", None, 1.5])
def test_a_size_with_which_nothing_would_run_is_an_error_that_names_the_setting(size):
    async def scenario(pool):
        pytest.fail("it was taken")

    with pytest.raises(ValueError, match="THREADS must be"):
        run(scenario, size=size)
