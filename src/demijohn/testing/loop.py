"""One event loop on a thread of its own, for a client that is used without `await`.

It lives as long as its client, so connection pools and background tasks survive from one request to the next,
as they do in a server's worker. Knows nothing of requests.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
Hook = Callable[[asyncio.AbstractEventLoop], None]


class LoopThread:
    """A running loop. `setup` and `cleanup` are called on its thread while the loop stands still, first and
    last.
    """

    def __init__(self, setup: Hook | None = None, cleanup: Hook | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._cleanup = cleanup
        self._failure: BaseException | None = None
        ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=self._main, args=(setup, ready), name="test-client", daemon=True
        )
        self._thread.start()
        try:
            ready.result()
        except BaseException:
            self._thread.join()
            raise

    def _main(self, setup: Hook | None, ready: concurrent.futures.Future[None]) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            if setup is not None:
                setup(self._loop)
        except BaseException as error:
            self._loop.close()
            ready.set_exception(error)
            return
        ready.set_result(None)
        try:
            self._loop.run_forever()
            self._close()
        except BaseException as error:
            self._failure = error
        finally:
            self._loop.close()

    def _close(self) -> None:
        """Do what a worker does last: the clean-up hook, then cancel what is left."""
        try:
            if self._cleanup is not None:
                self._cleanup(self._loop)
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())

    def run(self, call: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run `call` on the loop and return its result.

        Raises `TimeoutError` after `timeout` seconds, having cancelled it. The caller's context variables are
        not seen by it, as no request of a server sees those of its start-up.
        """
        if threading.current_thread() is self._thread:
            call.close()
            raise RuntimeError(
                "the test client was called from inside its own application; use another client"
            )
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        async def captured() -> _Outcome[T]:
            # An application may raise KeyboardInterrupt or SystemExit, which would end the loop itself.
            try:
                return _Outcome(value=await call)
            except (KeyboardInterrupt, SystemExit) as error:
                return _Outcome(error=error)

        def begin() -> None:
            task = self._loop.create_task(captured())
            task.add_done_callback(lambda done: _copy_outcome(done, answer))
            answer.add_done_callback(lambda _: self._cancel(task))

        self._loop.call_soon_threadsafe(begin, context=contextvars.Context())
        try:
            return answer.result(timeout)
        except concurrent.futures.TimeoutError:
            if answer.done():
                raise
            answer.cancel()
            raise TimeoutError(f"no answer from the application within {timeout:g} seconds") from None
        except BaseException:
            answer.cancel()
            raise

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        if not task.done():
            self._loop.call_soon_threadsafe(task.cancel)

    def stop(self) -> None:
        """Stop the loop and join the thread. Raises what the clean-up raised; a second call does nothing."""
        if self._thread.is_alive() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            if threading.current_thread() is not self._thread:
                self._thread.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


@dataclass(slots=True)
class _Outcome(Generic[T]):
    value: T | None = None
    error: BaseException | None = None


def _copy_outcome(task: asyncio.Task[_Outcome[T]], answer: concurrent.futures.Future[T]) -> None:
    if answer.cancelled():
        return
    if task.cancelled():
        answer.cancel()
    elif (error := task.exception() or task.result().error) is not None:
        answer.set_exception(error)
    else:
        answer.set_result(cast(T, task.result().value))
