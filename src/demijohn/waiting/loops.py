"""Waiting with an event loop: the drivers of ``steps`` that run on one, and threads that wait for one.

:func:`drive_here` awaits on the loop what a pipeline yields; :func:`drive_hopping` runs the pipeline
in a thread and only the awaitables on the loop; :func:`wait` blocks a thread until a loop has run an
awaitable. This module must not know what a request is.
"""

from __future__ import annotations

import asyncio
import os
from _thread import allocate_lock, get_ident
from asyncio import AbstractEventLoop, events
from collections.abc import Awaitable, Callable
from concurrent.futures import Future as ThreadFuture
from contextvars import Context, copy_context
from threading import Thread, get_native_id
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from demijohn.waiting.pool import ThreadPool, home
from demijohn.waiting.steps import HOP, Steps

__all__ = [
    "ThreadFuture",
    "ThreadPool",
    "asyncio",
    "drive_here",
    "drive_hopping",
    "in_thread",
    "part_in_thread",
    "pools",
    "use_server_loop",
    "wait",
    "waiting_loop",
]

T = TypeVar("T")


#: The pool of each loop that serves, kept by its application. Where several share a loop, any of theirs will do.
pools: WeakValueDictionary[AbstractEventLoop, ThreadPool] = WeakValueDictionary()


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Call a short sync function in a thread, with the context variables of here; never behind a view."""
    pool = pools.get(asyncio.get_running_loop())
    if pool is None:
        return await asyncio.to_thread(function, *args)
    result: T = await pool.steps.run(copy_context(), lambda _: function(*args), None)
    return result


async def part_in_thread(function: Callable[..., T], *args: Any) -> T:
    """As :func:`in_thread`, for a part of a stream: it may take long, and keeps no hook waiting."""
    pool = pools.get(asyncio.get_running_loop())
    if pool is None:
        return await asyncio.to_thread(function, *args)
    result: T = await pool.parts.run(copy_context(), lambda _: function(*args), None)
    return result


class Finished:
    """The value a pipeline returned, as brought back from another thread."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


async def drive_here(steps: Steps[T], pool: ThreadPool) -> T:
    """Run a pipeline on this loop; from a :data:`HOP` on, in ``pool``."""
    try:
        wanted = steps.send(None)
        while True:
            if wanted is HOP:
                return await drive_hopping(steps, pool)
            try:
                result = await wanted
            except BaseException as e:
                wanted = steps.throw(e)
            else:
                wanted = steps.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


async def drive_hopping(steps: Steps[T], pool: ThreadPool) -> T:
    """Run a pipeline in ``pool``; only what it waits for runs on this loop."""
    context = copy_context()
    resume: Any = steps.send
    value: Any = None
    while True:
        turn: list[Any] = [steps]
        try:
            wanted = await pool.run(context, _take_turn, (resume, value, steps, turn))
        except asyncio.CancelledError as e:
            wanted = turn.pop()
            if wanted is steps or type(wanted) is Finished:
                raise  # the thread is on its way, and finishes alone, or has finished
            _leave(wanted)
            resume, value = steps.throw, e
            context = copy_context()
            continue
        if type(wanted) is Finished:
            finished: T = wanted.value
            return finished
        if wanted is HOP:
            resume, value = steps.send, None
            continue
        adopt(context)
        try:
            value = await wanted
        except BaseException as e:
            resume, value = steps.throw, e
        else:
            resume = steps.send
        context = copy_context()


# A turn of a thread is a list with the steps. When it is over, the outcome is put before them, and who
# takes the steps out (an atomic act) goes on with them: the thread, so that its outcome counts, or before
# it the coroutine that waits, because it was cancelled, be it before the thread had begun.


def _take_turn(job: tuple[Any, Any, Steps[Any], list[Any]]) -> Any:
    resume, value, steps, turn = job
    try:
        outcome = resume(value)
    except StopIteration as stop:
        outcome = Finished(stop.value)
    turn.insert(0, outcome)
    if turn.pop() is not steps:
        _finish_alone(steps, outcome)
    return outcome


def _leave(wanted: Any) -> None:
    """Let go of an awaitable that will not be awaited."""
    if asyncio.iscoroutine(wanted):
        wanted.close()


def _finish_alone(steps: Steps[Any], wanted: Any) -> None:
    """Cancel a pipeline in this thread: nobody waits for its result, but its teardown has to run."""
    if type(wanted) is Finished:
        return
    _leave(wanted)
    go_on: Any = steps.throw
    value: Any = asyncio.CancelledError()
    try:
        while True:
            wanted = go_on(value)
            go_on, value = steps.send, None
            if wanted is not HOP:
                try:
                    value = wait(wanted)
                except BaseException as e:
                    go_on, value = steps.throw, e
    except BaseException:  # its end, or an error that the pipeline has dealt with
        return


def adopt(context: Context) -> None:
    """Take over the context variables that were set in ``context``, another thread's copy."""
    for variable, value in context.items():
        if variable.get(None) is not value:
            variable.set(value)


class WokenLoop(asyncio.SelectorEventLoop):
    """The standard library's event loop, woken by other threads through an eventfd (Linux).

    PERF: a system call on a counter, in place of one byte through a pair of sockets: 9 of the 44 us
    that handing a coroutine to a loop in another thread costs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counter = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.add_reader(self._counter, os.eventfd_read, self._counter)

    # asyncio's own hook, the same since 3.4; call_soon_threadsafe ends with it.
    def _write_to_self(self) -> None:
        try:
            os.eventfd_write(self._counter, 1)
        except OSError:
            if not self.is_closed():
                raise

    def close(self) -> None:
        """Close the loop."""
        counter, self._counter = self._counter, -1
        if counter >= 0:
            self.remove_reader(counter)
            os.close(counter)
        super().close()


class BackgroundLoop:
    """One event loop in a thread of its own, for async code under a sync server.

    It is started when first needed, so after a server has forked, and it stays: pools and tasks of
    async code survive between requests.
    """

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._loop: AbstractEventLoop | None = None
        #: What it runs in; under gevent a greenlet.
        self.thread: int | None = None
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = allocate_lock()
        self._loop = None

    @property
    def loop(self) -> AbstractEventLoop:
        """The running loop.

        :raises RuntimeError: where it cannot run.
        """
        loop = self._loop
        if loop is None or loop.is_closed():
            with self._lock:
                loop = self._loop
                if loop is None or loop.is_closed():
                    loop = self._start()
        return loop

    def _start(self) -> AbstractEventLoop:
        loop = asyncio.new_event_loop()
        if type(loop) is asyncio.SelectorEventLoop and hasattr(os, "eventfd"):
            loop.close()
            loop = WokenLoop()
        settled: ThreadFuture[None] = ThreadFuture()
        loop.call_soon(settled.set_result, None)
        started_by = get_native_id()

        def run() -> None:
            if get_native_id() == started_by:
                _hide_while_waiting(loop)
            self.thread = get_ident()
            asyncio.set_event_loop(loop)
            try:
                loop.run_forever()
            except BaseException as e:
                if settled.done():
                    raise
                settled.set_exception(e)  # or who waits for the loop waits for ever
            finally:
                loop.close()

        Thread(target=run, name="demijohn-loop", daemon=True).start()
        try:
            settled.result()
        except Exception as e:
            raise RuntimeError(
                f"The event loop for async code cannot start here ({e}). Async views and greenlets do not go"
                " together where another loop runs in their thread: serve with threads, or by ASGI."
            ) from e
        self._loop = loop
        return loop


def _hide_while_waiting(loop: Any) -> None:
    """Let other greenlets of the thread not see ``loop`` as theirs while it waits, for gevent.

    What is running is kept per thread of the system, and all greenlets are in one: any of them would take
    itself for code of the loop.
    """
    selector = loop._selector  # asyncio's own name, the same since 3.4
    select = selector.select

    def hidden(timeout: float | None = None) -> Any:
        events._set_running_loop(None)
        try:
            return select(timeout)
        finally:
            events._set_running_loop(loop)

    selector.select = hidden


background = BackgroundLoop()

#: For code on the background loop that has to block until async code is done: sync code called by
#: an async view which calls an async function again, such as a template's context processor.
_beside_background = BackgroundLoop()

#: The loop of the async server this process serves with, once it is known.
_server_loop: AbstractEventLoop | None = None


def use_server_loop(loop: AbstractEventLoop | None) -> None:
    """Let blocked threads wait for async code on ``loop``, the server's own."""
    global _server_loop
    _server_loop = loop


def waiting_loop() -> AbstractEventLoop:
    """The loop async code runs on when a thread waits: the one it works for, the server's, or the background one."""
    loop = getattr(home, "loop", None) or _server_loop
    if loop is not None and loop.is_running() and loop is not events._get_running_loop():
        return loop
    return background.loop


def wait(awaitable: Awaitable[T]) -> T:
    """Run an awaitable on the process's loop, blocking this thread until it is done.

    Context variables it sets are seen here afterwards. Called on a loop's own thread, it blocks
    that loop and uses the background loop, or one beside it.

    :raises RuntimeError: when both are blocked by this call's own callers, so that it would never end.
    """
    here = events._get_running_loop()
    if here is None or here not in (background._loop, _beside_background._loop):
        loop = waiting_loop()
    elif (background if here is background._loop else _beside_background).thread != get_ident():
        loop = here  # what runs in another greenlet of this thread
    elif here is background._loop:
        loop = _beside_background.loop  # whoever called may be blocking the server's
    else:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()
        raise RuntimeError(
            "Async code was called synchronously on the event loop it has to run on, so waiting for"
            " it would never end. Await it instead, or make the calling function sync."
        )
    result: T = _Waiter(loop).wait(awaitable)
    return result


class _Waiter:
    """PERF: a bare lock handed over; ``concurrent.futures`` costs 10 us more per wait."""

    __slots__ = ("error", "lock", "loop", "result", "task")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self.lock = allocate_lock()
        self.error: BaseException | None = None

    def wait(self, awaitable: Awaitable[Any]) -> Any:
        self.lock.acquire()
        context = copy_context()
        self.loop.call_soon_threadsafe(self._start, awaitable, context, context=context)
        self.lock.acquire()
        adopt(context)
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # or the exception's frames keep a cycle through this object
        return self.result

    def _start(self, awaitable: Awaitable[Any], context: Context) -> None:
        # Kept here, because a loop keeps only weak references.
        self.task = self.loop.create_task(self._finish(awaitable), context=context)

    async def _finish(self, awaitable: Awaitable[Any]) -> None:
        try:
            self.result = await awaitable
        except BaseException as e:
            self.error = e
        finally:
            self.lock.release()


def start_task(awaitable: Any) -> None:
    """Run a coroutine as a task of this thread's loop, which nobody waits for."""
    task = asyncio.get_running_loop().create_task(awaitable)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


#: Strong references to running tasks; a loop keeps only weak ones.
tasks: set[asyncio.Task[Any]] = set()
