"""What goes out to the queue from a server: in its order, in a thread of its own, so that nobody waits for it."""

from __future__ import annotations

import atexit
import logging
import os
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any

import redis

__all__ = ["Outbox"]

_log = logging.getLogger("demijohn.realtime")

#: Most messages that are kept while the queue cannot be reached; then the oldest are lost.
_MOST = 10_000

#: Seconds between tries, and how long a process that ends tries to send the rest.
_PAUSE = 0.2
_LAST = 1.0

Job = Callable[[redis.Redis], Any]


class Outbox:
    """Jobs for a client of the queue, each done once, after those before it.

    :param client: Whom they are done with.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._jobs: deque[Job] = deque()
        self._changed = Condition()
        self._thread: Thread | None = None
        self._stopped = False
        self._lost = False

    def put(self, job: Job) -> None:
        """Have a job done; what it raises, but for a queue that cannot be reached, is logged."""
        with self._changed:
            if self._thread is None:
                self._stopped = False
                self._thread = Thread(target=self._work, name="demijohn-realtime-outbox", daemon=True)
                self._thread.start()
                atexit.register(self.stop)
            if len(self._jobs) >= _MOST:
                self._jobs.popleft()
                if not self._lost:
                    self._lost = True
                    _log.error(
                        "Socket.IO: the message queue is away for too long: the oldest messages are lost"
                    )
            self._jobs.append(job)
            self._changed.notify()

    def stop(self) -> None:
        """End it, when what waits is sent, or could not be for a second."""
        with self._changed:
            self._stopped = True
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            atexit.unregister(self.stop)
            thread.join(_LAST)

    def _work(self) -> None:
        warned = False
        while True:
            with self._changed:
                while not self._jobs and not self._stopped:
                    self._changed.wait()
                if not self._jobs:
                    return
                job = self._jobs.popleft()
            try:
                job(self._client)
                warned = self._lost = False
            except (redis.ConnectionError, redis.TimeoutError) as e:
                if not warned:
                    warned = True
                    _log.warning(
                        "Socket.IO: the message queue cannot be reached; what is emitted waits: %s", e
                    )
                with self._changed:
                    self._jobs.appendleft(job)
                    if self._stopped:
                        return
                    self._changed.wait(_PAUSE)
            except Exception:
                _log.exception("Socket.IO: a message could not be sent to the queue")
