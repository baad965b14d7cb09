"""The application's own pool of threads, for sync code under an event loop.

PERF: per call at 32 in flight, ``run_in_executor`` costs 17 to 20 us and anyio 44 to 53, mostly
for locks and for one wake-up of the loop per result. Here jobs go through a ``SimpleQueue`` and
results that are ready together come back in one wake-up. This module must not know what it runs.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Callable
from contextvars import Context
from queue import SimpleQueue
from threading import Thread, local
from typing import Any

Job = tuple[Context, Callable[[Any], Any], Any, "Future[Any]"]

#: Of a thread of a pool, as ``home.loop``: the loop that it works for.
home = local()


class ThreadPool:
    """Threads that run jobs for one event loop.

    Threads are started as they are needed, up to ``size``; further jobs wait in order. This is the lane of jobs
    that may take long. Those that never wait for them have lanes of their own, with as many threads again at
    most, none of which there is before its lane has a job: :attr:`steps` and :attr:`parts`.

    :param loop: The loop whose thread submits the jobs and gets the results.
    :param size: Most threads at a time.
    :param name: What the names of the threads begin with.
    :raises ValueError: for a size below 1, with which nothing would ever run.
    """

    def __init__(self, loop: AbstractEventLoop, size: int, name: str = "demijohn") -> None:
        value: Any = size
        if not isinstance(value, int) or value < 1:
            raise ValueError(
                f"THREADS must be a whole number from 1 up, not {size!r}: sync code runs in them."
            )
        self.loop = loop
        self.size = size
        self.name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._done: deque[tuple[Future[Any], Any, BaseException | None]] = deque()
        self._waking = False
        self._threads: list[Thread] = []
        self._lanes: dict[str, ThreadPool] = {}
        #: Jobs submitted and not yet delivered.
        self.outstanding = 0

    @property
    def steps(self) -> ThreadPool:
        """The lane of what is short and waited for by something asynchronous: hooks, loaders, ends."""
        return self._lanes.get("steps") or self._lane("steps")

    @property
    def parts(self) -> ThreadPool:
        """The lane of parts of streams: a stream that has begun does not wait for requests that have not."""
        return self._lanes.get("parts") or self._lane("parts")

    def _lane(self, name: str) -> ThreadPool:
        lane = self._lanes[name] = ThreadPool(self.loop, self.size, f"{self.name}-{name}")
        return lane

    def run(self, context: Context, function: Callable[[Any], Any], argument: Any) -> Future[Any]:
        """Call ``function(argument)`` in a thread, in ``context``; call this on the loop's thread."""
        future: Future[Any] = self.loop.create_future()
        self.outstanding += 1
        if self.outstanding > len(self._threads) < self.size:
            self._start_thread()
        self._jobs.put((context, function, argument, future))
        return future

    def _start_thread(self) -> None:
        thread = Thread(target=self._work, name=f"{self.name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        get, done = self._jobs.get, self._done
        home.loop = self.loop
        while True:
            job = get()
            if job is None:
                return
            context, function, argument, future = job
            try:
                done.append((future, context.run(function, argument), None))
            except BaseException as e:  # delivered to whoever awaits
                done.append((future, None, e))
            # Nothing of a finished request may stay alive in a waiting thread.
            del job, context, function, argument, future
            if not self._waking:
                self._waking = True
                try:
                    self.loop.call_soon_threadsafe(self._deliver)
                except RuntimeError:  # the loop is closed: nobody waits any more
                    return

    def _deliver(self) -> None:
        # Cleared first: a result appended from here on wakes the loop again.
        self._waking = False
        done = self._done
        while done:
            future, result, error = done.popleft()
            self.outstanding -= 1
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def close(self) -> None:
        """Let the threads end after the jobs they have."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()
        for lane in self._lanes.values():
            lane.close()
