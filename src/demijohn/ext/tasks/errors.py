"""What goes wrong between an application and its tasks."""

from __future__ import annotations

from werkzeug.exceptions import ServiceUnavailable

#: Seconds after which a client is asked to come again.
RETRY_AFTER = 5


class TasksUnavailable(ServiceUnavailable):
    """A task could not be handed over: the broker refuses, cannot be reached, or does not answer.

    Where a view does not catch it, the answer is 503 with ``Retry-After``.
    """

    def __init__(self, description: str | None = None) -> None:
        super().__init__(description, retry_after=RETRY_AFTER)


class TaskCrashed(Exception):
    """The process of a task died as often as ``TASKS_MAX_CRASHES`` says, and it is not tried again."""


class TaskOutOfMemory(Exception):
    """A task raised MemoryError. As that, it would end the worker, which has memory again."""
