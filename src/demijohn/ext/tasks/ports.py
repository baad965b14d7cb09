"""What the files of this room ask of Celery's objects, and of each other's.

Celery says little of its types; what is asked of them is said here once. This module must not import Celery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias


from demijohn import Flask
from demijohn.ext.tasks.settings import Settings

#: What a task is called with.
Args: TypeAlias = Sequence[object] | None
Kwargs: TypeAlias = Mapping[str, object] | None


class Room(Protocol):
    """The tasks of an application, as far as commands and routes go."""

    settings: Settings

    @property
    def app(self) -> Flask:
        """The application."""
        ...

    @property
    def celery(self) -> Any:
        """The Celery application."""
        ...

    def job(self, task_id: str) -> Any:
        """The job of an id."""
        ...


class CeleryTask(Protocol):
    """A task of Celery's."""

    name: str
    run: Callable[..., Any]

    def update_state(self, task_id: str | None = None, state: str | None = None, meta: Any = None) -> None:
        """Keep how far a run is."""
        ...


class SendingTask(CeleryTask, Protocol):
    """A task of Celery's that is ours."""

    def prepare(self, args: Args, kwargs: Kwargs) -> tuple[Any, Callable[[], object]]:
        """A job that is not sent yet, and what sends it."""
        ...


class Run(Protocol):
    """What Celery knows of one run of a task."""

    id: str
    args: Sequence[object]
    kwargs: Mapping[str, object]

    def get(self, key: str, default: object = None) -> Any:
        """What came with the message under a name."""
        ...


class RedisClient(Protocol):
    """A connection to Redis, as far as scripts go."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a script by its digest."""
        ...

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a script."""
        ...
