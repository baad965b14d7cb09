"""A task while it runs: the application around it, what came with it, and how far it is.

This module must not know how tasks are sent, nor import Celery.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any

from demijohn import Flask
from demijohn.ext.tasks.carrying import arriving
from demijohn.ext.tasks.errors import TaskOutOfMemory
from demijohn.ext.tasks.ports import Args, CeleryTask, Kwargs, Run
from demijohn.extend import current_application, later

if TYPE_CHECKING:
    import asyncio
else:
    asyncio = later("asyncio")  # 13 % of an import of Flask; only an async task needs it

#: Seconds that an async task which reached its time limit has for its own ``finally``.
_LAST_WORDS = 2.0


_nothing = nullcontext()


class Running:
    """A task that runs now.

    :param task: Celery's task.
    :param request: What Celery knows of this run.
    """

    __slots__ = ("request", "task")

    def __init__(self, task: CeleryTask, request: Run) -> None:
        self.task = task
        self.request = request


#: The task that the code of here belongs to. Celery has it by thread, in which async code does not stay.
running: ContextVar[Running | None] = ContextVar("demijohn.tasks.running", default=None)


def report(done: float, total: float | None = None, **info: Any) -> None:
    """Tell how far the task of here is, for whoever looks at its job. Outside of a task nothing happens.

    :param done: How much is done.
    :param total: Of how much.
    :param info: What else there is to say; JSON has to hold it.
    """
    here = running.get()
    if here is not None:
        meta = {"done": done, "total": total, "info": info}
        here.task.update_state(task_id=here.request.id, state="PROGRESS", meta=meta)


def run_task(app: Flask, task: CeleryTask, request: Run, args: Args, kwargs: Kwargs) -> Any:
    """Run a task within an application context of its own, its teardown included.

    In a fresh set of context variables, so that nothing of who asked for it is seen, in a thread of the web
    process as in a worker.
    """
    return Context().run(_run, app, task, request, args, kwargs)


def _run(app: Flask, task: CeleryTask, request: Run, args: Args, kwargs: Kwargs) -> Any:
    running.set(Running(task, request))
    came = request.get("carried")
    with app.app_context(), arriving(app, came) if came else _nothing:
        try:
            return task.run(*(args or ()), **(kwargs or {}))
        except MemoryError as error:
            raise TaskOutOfMemory(str(error) or "The task had no memory left.") from error


def wait_for(function: Callable[..., Awaitable[Any]], args: Args, kwargs: Kwargs) -> Any:
    """Run an async task on the loop that all of this process share, and wait for it.

    A time limit is raised here, where the thread waits: it is then raised in the task too, at its ``await``.
    """
    started: list[asyncio.Task[Any] | None] = []

    async def run() -> Any:
        started.append(asyncio.current_task())
        return await function(*(args or ()), **(kwargs or {}))

    try:
        return current_application().ensure_sync(run)()
    except Exception:
        if started and started[0] is not None and not started[0].done():
            _cancel(started[0])
        raise


def _cancel(task: asyncio.Task[Any]) -> None:
    async def gone() -> None:
        task.cancel()
        await asyncio.wait([task], timeout=_LAST_WORDS)

    asyncio.run_coroutine_threadsafe(gone(), task.get_loop()).result(_LAST_WORDS + 1)
