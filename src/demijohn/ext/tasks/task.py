"""Tasks as applications write them: no application is needed when they are imported, and the one that is current is
used when they are called.

This module must not import Celery: web processes import it with every module that has a task.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast, overload
from weakref import ref

from demijohn import current_app, has_app_context
from demijohn.ext.tasks.ports import Args, Kwargs
from demijohn.ext.tasks.commit import send_on_commit

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Job(Protocol[R_co]):
    """A task that was sent: Celery's ``AsyncResult``, with a token for clients."""

    @property
    def id(self) -> str:
        """Its id, which the log of the worker has too."""
        ...

    @property
    def state(self) -> str:
        """``PENDING``, ``PROGRESS``, ``RETRY``, ``SUCCESS``, ``FAILURE`` or ``REVOKED``."""
        ...

    @property
    def token(self) -> str:
        """The id, signed: whoever has it may see how far the task is."""
        ...

    @property
    def result(self) -> Any:
        """What the task returned, or the error it ended in; None while it goes on."""
        ...

    def get(self, timeout: float | None = None, propagate: bool = True) -> R_co:
        """Wait for what the task returns.

        :param timeout: Seconds; None waits as long as it takes.
        :param propagate: Raise the error that the task ended in, instead of returning it.
        :raises celery.exceptions.TimeoutError: when it takes longer.
        """
        ...

    def ready(self) -> bool:
        """Whether the task has ended."""
        ...

    def successful(self) -> bool:
        """Whether the task has ended without an error."""
        ...

    def failed(self) -> bool:
        """Whether the task has ended in an error."""
        ...

    def revoke(self, *, terminate: bool = False) -> None:
        """Have a task that waits not be run; with ``terminate``, end one that runs."""
        ...

    def forget(self) -> None:
        """Drop the result."""
        ...


class Sender(Protocol):
    """What belongs to one application and has its tasks."""

    @property
    def celery(self) -> Any:
        """The Celery application."""
        ...

    def add(self, task: AppTask[..., Any]) -> None:
        """Take a task that was written after the application was made."""
        ...


#: All tasks of this process by name, and what sends them for each application.
written: dict[str, AppTask[..., Any]] = {}
_senders: list[ref[Any]] = []


def add_sender(sender: Sender) -> None:
    """Let tasks know an application's sender; the last one is used where no application is current."""
    _senders[:] = [found for found in _senders if found() not in (None, sender)]
    _senders.append(ref(sender))


def current_sender(name: str) -> Sender:
    """The sender of the current application, else the last one made.

    :param name: The task that is to be sent, for the error.
    :raises RuntimeError: when there is none.
    """
    if has_app_context():
        sender = current_app.extensions.get("tasks")
        if sender is None:
            raise RuntimeError(
                f"{current_app.name!r} has no tasks, so {name!r} cannot be sent: call Tasks(app) where it is made."
            )
        return cast(Sender, sender)
    for found in reversed(_senders):
        sender = found()
        if sender is not None:
            return cast(Sender, sender)
    raise RuntimeError(f"There is no application to send {name!r} with: make one, and call Tasks(app).")


class AppTask(Generic[P, R]):
    """A function that can be run as a task. Called, it is the function; what else it has is Celery's task.

    :param function: The function, sync or async.
    :param options: Celery's options of a task.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        update_wrapper(self, function)
        self.function = function
        self.options = options
        self.name: str = options.get("name") or f"{function.__module__}.{function.__name__}"
        written[self.name] = self
        for found in tuple(_senders):
            sender = found()
            if sender is not None:
                sender.add(self)

    @property
    def task(self) -> Any:
        """Celery's task, of the application that is current.

        :raises RuntimeError: when no application has tasks.
        """
        return current_sender(self.name).celery.tasks[self.name]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function here and now."""
        return self.task(*args, **kwargs) if self.options.get("bind") else self.function(*args, **kwargs)

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> Job[R]:
        """Send the task.

        :raises TasksUnavailable: when the broker does not take it.
        :raises TypeError: for an argument that JSON cannot hold.
        :raises ValueError: when all of it is larger than ``TASKS_MAX_MESSAGE``.
        """
        return cast("Job[R]", self.task.apply_async(args, kwargs))

    def delay_on_commit(self, *args: P.args, **kwargs: P.kwargs) -> Job[R]:
        """Send the task when ``db.session`` commits, and not at all when it is rolled back.

        What cannot be sent is refused here; errors as with :meth:`delay`.

        :raises RuntimeError: when the application has no database.
        """
        return cast("Job[R]", send_on_commit(self.task, args, kwargs))

    def apply_async(self, args: Args = None, kwargs: Kwargs = None, **options: Any) -> Job[R]:
        """Send the task with options of its own, such as ``countdown=5``, ``queue="slow"`` or ``expires=60``."""
        return cast("Job[R]", self.task.apply_async(args, kwargs, **options))

    def s(self, *args: Any, **kwargs: Any) -> Any:
        """A signature, for chains, groups and chords."""
        return self.task.s(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.task, name)

    def __repr__(self) -> str:
        return f"<task {self.name}>"


@overload
def app_task(function: Callable[P, Any], /) -> AppTask[P, Any]: ...


@overload
def app_task(**options: Any) -> Callable[[Callable[P, Any]], AppTask[P, Any]]: ...


def app_task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a task, sync or async, of whichever application sends it.

    :param options: Celery's: ``name``, ``bind``, ``autoretry_for``, ``max_retries``, ``retry_backoff``, ``time_limit``,
        ``soft_time_limit``, ``rate_limit``, ``ignore_result``, ``queue`` ...
    """
    if function is not None:
        return AppTask(function, options)
    return lambda function: AppTask(function, options)
