"""One event loop on a thread of its own, for a client that is used without ``await``.

It lives as long as its client, so connection pools and background tasks survive from one request to the next,
as they do in a server's worker. Knows nothing of requests.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

__all__ = ["Hook", "LoopThread"]

T = TypeVar("T")

#: What is called on the loop's thread while the loop stands still.
Hook: TypeAlias = Callable[[asyncio.AbstractEventLoop], None]


class LoopThread:
    """A running loop.

    :param setup: Called on its thread before it runs.
    :param cleanup: Called on its thread after it ran.
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
        """Run a coroutine on the loop and return its result.

        The caller's context variables are not seen by it, as no request of a server sees those of its start-up.

        :param timeout: Seconds to wait; None waits for ever.
        :raises TimeoutError: When they are over; then it is cancelled.
        """
        if threading.current_thread() is self._thread:
            call.close()
            raise RuntimeError(
                "the test client was called from inside its own application; use another client"
            )
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        def begin() -> None:
            task = self._loop.create_task(_answering(call, answer))
            answer.add_done_callback(lambda given: self._cancel(task) if given.cancelled() else None)

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


async def _answering(call: Coroutine[Any, Any, T], answer: concurrent.futures.Future[T]) -> None:
    """Hand on what comes of a call.

    All of it: an application may raise KeyboardInterrupt or SystemExit, which would end the loop itself.
    """
    try:
        value = await call
    except asyncio.CancelledError:
        answer.cancel()
        raise
    except BaseException as error:
        if not answer.cancelled():
            answer.set_exception(error)
    else:
        if not answer.cancelled():
            answer.set_result(value)
    finally:
        del answer  # or what was raised keeps a cycle through this frame
