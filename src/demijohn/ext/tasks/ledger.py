"""Which tasks have begun and not ended, and how often: in Redis, since a process that dies writes nothing.

This module must not import Celery.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from demijohn.ext.tasks.ports import Args, Kwargs
from demijohn import Flask
from demijohn.extend import needs
from demijohn.ext.tasks.errors import TaskCrashed

#: Seconds for which a begun task is remembered, and how many are kept that crashed.
_REMEMBERED = 7 * 86400
KEPT = 1000

_CRASHED = "demijohn.tasks.crashed"


def crashed_text(name: str, task_id: str, most: int) -> str:
    """What is said of a task that is not tried again."""
    return f"The process that ran {name} [{task_id}] died {most} times: it is not tried again (TASKS_MAX_CRASHES)."


def record_of(task_id: str, name: str, args: Args, kwargs: Kwargs, at: float) -> dict[str, Any]:
    """What is kept of it."""
    return {"id": task_id, "task": name, "args": f"{args!r:.500}", "kwargs": f"{kwargs!r:.500}", "at": at}


class Ledger:
    """The starts of tasks.

    :param app: The application, for its log.
    :param address: The Redis.
    :param most: As many crashes fail a task.
    :param timeout: Seconds after which Redis is not waited for.
    """

    def __init__(self, app: Flask, address: str, most: int, timeout: float) -> None:
        self._app = app
        self._address = address
        self._most = most
        self._timeout = timeout
        self._made: tuple[int, Any] | None = None

    @property
    def _client(self) -> Any:
        """The connection of this process."""
        if self._made is None or self._made[0] != os.getpid():
            with needs("tasks"):
                import redis  # an optional requirement

            client = redis.Redis.from_url(
                self._address, socket_timeout=self._timeout, socket_connect_timeout=self._timeout
            )
            self._made = os.getpid(), client
        return self._made[1]

    @contextmanager
    def counted(self, task_id: str, name: str, args: Args, kwargs: Kwargs) -> Iterator[None]:
        """Around a run of a task.

        :raises TaskCrashed: when it was begun as often as it may be, and never ended.
        """
        key = f"demijohn.tasks.begun.{task_id}"
        begun = self._begin(key)
        if begun > self._most:
            self._keep(task_id, name, args, kwargs)
            self._end(key)
            raise TaskCrashed(crashed_text(name, task_id, self._most))
        try:
            yield
        except Exception:
            self._end(key)
            raise
        # Not finally: SystemExit ends the process, which counts.
        self._end(key)

    def undo(self, task_id: str) -> None:
        """Take back a start that ends with its worker, which was told to stop."""
        self._end(f"demijohn.tasks.begun.{task_id}")

    def crashed(self) -> list[dict[str, Any]]:
        """The tasks that are not tried again, the latest first."""
        return [json.loads(found) for found in self._client.lrange(_CRASHED, 0, -1)]

    def forget(self) -> None:
        """Drop what is kept of those."""
        self._client.delete(_CRASHED)

    def _begin(self, key: str) -> int:
        try:
            with self._client.pipeline(transaction=False) as pipe:
                begun: int = pipe.incr(key).expire(key, _REMEMBERED).execute()[0]
                return begun
        except Exception:  # whatever Redis raises: a count that fails must not fail the task
            self._app.logger.warning("The start of a task could not be counted", exc_info=True)
            return 1

    def _end(self, key: str) -> None:
        try:
            self._client.delete(key)
        except Exception:  # the same: it is forgotten by itself
            self._app.logger.warning("The end of a task could not be counted", exc_info=True)

    def _keep(self, task_id: str, name: str, args: Args, kwargs: Kwargs) -> None:
        kept = record_of(task_id, name, args, kwargs, time.time())
        try:
            with self._client.pipeline() as pipe:
                pipe.lpush(_CRASHED, json.dumps(kept)).ltrim(_CRASHED, 0, KEPT - 1).execute()
        except Exception:  # the job's own result says it too
            self._app.logger.warning("A task that crashed could not be kept: %s", kept, exc_info=True)
