"""The Celery application of one of ours: what it sends with, what its tasks and jobs are.

It imports Celery, so it is imported itself when an application is given its tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, wraps
from random import getrandbits
from typing import Any, TypeAlias, cast

import celery
from amqp.exceptions import AMQPError
from celery._state import task_join_will_block  # type: ignore[attr-defined]
from celery.backends.base import DisabledBackend
from celery.exceptions import TimeoutError as JobTimeoutError
from celery.result import AsyncResult
from celery.utils.functional import head_from_fun
from kombu.exceptions import KombuError, LimitExceeded
from kombu.utils.json import loads

from demijohn import Flask
from demijohn.ext.tasks.captured import CapturedTask
from demijohn.ext.tasks.carrying import depart
from demijohn.ext.tasks.commit import send_on_commit
from demijohn.ext.tasks.errors import TasksUnavailable
from demijohn.ext.tasks.ledger import Ledger
from demijohn.ext.tasks.messages import check_message
from demijohn.ext.tasks.running import run_task, running, wait_for
from demijohn.ext.tasks.settings import Settings
from demijohn.ext.tasks.ports import Args, Kwargs, SendingTask
from demijohn.extend import is_async

try:
    from redis.exceptions import RedisError as _RedisError
except ImportError:  # an application on RabbitMQ may have no Redis installed
    _RedisError = KombuError  # type: ignore[misc, assignment]

#: What Celery lets be called while a job is waited for.
Callback: TypeAlias = Callable[..., object] | None

#: What a broker that cannot be used raises.
BROKER_ERRORS: tuple[type[Exception], ...] = (KombuError, AMQPError, OSError, _RedisError)

#: Seconds between two looks at a job that is waited for: short at first, as most are.
_LOOK_FIRST, _LOOK_LAST = 0.005, 0.25


def new_id() -> str:
    """The id of a job, in the form of a random UUID.

    PERF: Celery's asks the system, and lets the other threads go first. Nobody gets in by an id: tokens are signed.
    """
    digits = f"{getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class RoomJob(AsyncResult):  # type: ignore[type-arg]
    """A task that was sent. Waiting for it looks at the result now and then: any thread may, several at once."""

    app: RoomCelery  # type: ignore[assignment]

    @property
    def token(self) -> str:
        """The id, signed: whoever has it may see how far the task is."""
        return self.app.sign(self.id)

    def get(  # type: ignore[override]
        self, timeout: float | None = None, propagate: bool = True, interval: float | None = None,
        no_ack: bool = True, follow_parents: bool = True, callback: Callback = None, on_message: Callback = None,
        on_interval: Callback = None, disable_sync_subtasks: bool = True, **options: Any,
    ) -> Any:  # fmt: skip
        """Wait for what the task returns; parameters as Celery's.

        :raises celery.exceptions.TimeoutError: when it takes longer than ``timeout`` seconds.
        :raises RuntimeError: inside of a task, which would wait for a thread or process that it occupies itself.
        """
        if self.ignored:
            return None
        if disable_sync_subtasks and (running.get() is not None or task_join_will_block()):
            raise RuntimeError(
                "A task waits for another one: that may be waiting for this one's place. Chain them, or use a chord."
            )
        if isinstance(self.backend, DisabledBackend):
            raise NotImplementedError(
                "No results are kept: set TASKS_RESULTS, such as 'redis://localhost:6379/1'."
            )
        deadline = None if timeout is None else time.monotonic() + timeout
        look = _LOOK_FIRST if interval is None else interval
        while not self._over(propagate and follow_parents):
            left = look if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise JobTimeoutError(f"The job {self.id} takes longer than {timeout:g} s.")
            self.app.pause(min(look, left))
            look = interval if interval is not None else min(look * 1.5, _LOOK_LAST)
            if on_interval is not None:
                on_interval()
        if propagate:
            self.maybe_throw(callback=callback)
        elif callback is not None:
            callback(self.id, self.result)
        return self.result

    wait = get  # type: ignore[assignment]

    def __del__(self) -> None:
        # Celery ends a subscription here, which the parts of a group have: of a Redis that has gone there is none.
        celerys: Any = super()
        with suppress(Exception):
            celerys.__del__()

    def _over(self, parents: bool) -> bool:
        """Whether the task has ended, or one before it in its chain has failed, which is raised."""
        if self.ready():
            return True
        node = self.parent if parents else None
        while node is not None:
            if isinstance(node, AsyncResult):
                node.maybe_throw()
            node = node.parent
        return False


class RoomTask(celery.Task):  # type: ignore[type-arg]
    """A task: run by a worker or a thread, it has the application around it."""

    app: RoomCelery  # type: ignore[assignment]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it: with a context of its own where a worker does, plainly where code calls it."""
        request: Any = self.request_stack.top
        if request is None or request.called_directly:
            return super().__call__(*args, **kwargs)
        this, app = cast(SendingTask, self), self.app
        if app.ledger is None:
            return run_task(app.flask, this, request, args, kwargs)
        with app.ledger.counted(request.id, this.name, request.args, request.kwargs):
            return run_task(app.flask, this, request, args, kwargs)

    def _get_request(self) -> Any:
        """What is known of this run. By context and not by thread, so that async tasks have it too."""
        here = running.get()
        if here is not None and here.task is cast(object, self):
            return here.request
        celerys: Any = super()
        return celerys._get_request()

    request = property(_get_request)  # type: ignore[assignment]

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> Any:
        """Send the task when ``db.session`` commits, and not at all when it is rolled back."""
        return send_on_commit(cast(SendingTask, self), args, kwargs)

    def prepare(self, args: Args, kwargs: Kwargs) -> tuple[Any, Callable[[], object]]:
        """A job that is not sent yet, and what sends it. What cannot be sent is refused now.

        Arguments are written now: what becomes of them until then changes nothing.
        """
        this = cast(SendingTask, self)
        given: tuple[Any, Any] = loads(check_message(this, args, kwargs, {}, self.app.settings.max_message))[
            :2
        ]
        task_id = new_id()
        headers = self.app.headers_for({})
        return self.AsyncResult(task_id), lambda: self.apply_async(*given, task_id=task_id, headers=headers)


class RoomCelery(celery.Celery):
    """The Celery application. What it is asked to send is looked at first, and goes within a time or not at all.

    :param flask: The application that tasks run in.
    :param settings: What its settings come to.
    :param sign: Makes a token of a job's id.
    """

    task_cls = RoomTask  # type: ignore[assignment]

    def __init__(self, flask: Flask, settings: Settings, sign: Callable[[str], str], **options: Any) -> None:
        self.flask = flask
        self.settings = settings
        self.sign = sign
        #: What counts runs that never end; a worker sets it.
        self.ledger: Ledger | None = None
        #: Where tasks are noted in place of being sent, for a test.
        self.captured: list[CapturedTask] | None = None
        super().__init__(flask.import_name, set_as_current=True, **options)
        # In all threads: what is current is by thread. Modules of @shared_task find it so.
        self.set_default()
        self.conf.update(settings.config)

    @cached_property
    def AsyncResult(self) -> Any:  # type: ignore[override]
        """The class of jobs."""
        return self.subclass_with_self(RoomJob)

    def pause(self, seconds: float) -> None:
        """Wait before the next look at a job."""
        time.sleep(seconds)

    def headers_for(self, given: dict[str, Any]) -> dict[str, Any]:
        """The headers of a message, with what it takes along."""
        if "carried" in given:
            return given
        carried = depart(self.flask, self.settings.carry)
        return {**given, "carried": carried} if carried else given

    def _task_from_fun(self, fun: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if not is_async(fun):
            return super()._task_from_fun(fun, *args, **options)

        @wraps(fun)
        def waits(*given: Any, **named: Any) -> Any:
            return wait_for(fun, given, named)

        task = super()._task_from_fun(waits, *args, **options)
        # Celery looks at the wrapper's own parameters, which are any.
        header = head_from_fun(fun, bound=bool(options.get("bind")))
        type(task).__header__ = staticmethod(header)  # type: ignore[attr-defined]
        return task

    def _get_backend(self) -> Any:
        celerys: Any = super()
        backend = celerys._get_backend()
        # PERF: Celery subscribes to each result when it is sent, a round trip; a job that is waited for is looked at.
        backend.on_task_call = lambda *args, **options: None
        return backend

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:
        """A connection to send by: one that does not wait longer than it may."""
        each = self.settings.publish_timeout / 2
        quick: dict[str, Any] = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
        if self.settings.on_redis:
            quick |= {"socket_timeout": each, "socket_connect_timeout": each}
        elif self.settings.broker is not None:
            quick |= {"write_timeout": max(int(each), 1)}
        options["transport_options"] = {**quick, **(options.get("transport_options") or {})}
        return super().connection_for_write(url, **options)

    def send_task(self, name: str, args: Args = None, kwargs: Kwargs = None, **options: Any) -> Any:  # type: ignore[override]
        """Send a task by its name; parameters as Celery's.

        :raises TasksUnavailable: when the broker does not take it in time.
        :raises TypeError: for an argument that JSON cannot hold.
        :raises ValueError: when all of it is larger than ``TASKS_MAX_MESSAGE``.
        """
        task: Any = options.get("task_type") or self.tasks.get(name)
        written = check_message(task or name, args or (), kwargs or {}, options, self.settings.max_message)
        options["task_id"] = options.get("task_id") or new_id()
        if self.captured is not None:
            self.captured.append(CapturedTask.of(name, args, kwargs, options))
            return self.AsyncResult(options["task_id"])
        options["headers"] = self.headers_for(options.get("headers") or {})
        # PERF: for a monitor and the log of the worker, which shows them itself.
        options.setdefault("argsrepr", "")
        options.setdefault("kwargsrepr", "")
        return self._hand_over(name, args, kwargs, options, written)

    @contextmanager
    def capturing(self) -> Iterator[list[CapturedTask]]:
        """A block in which tasks are noted in place of being sent, and in place of being run at once."""
        eager, before = self.conf.task_always_eager, self.captured
        noted: list[CapturedTask] = []
        self.captured = noted
        self.conf.task_always_eager = False
        try:
            yield noted
        finally:
            self.captured, self.conf.task_always_eager = before, eager

    def _hand_over(self, name: str, args: Args, kwargs: Kwargs, options: dict[str, Any], written: str) -> Any:
        given = options.pop("producer", None)
        if given is not None or options.get("connection") is not None:
            return super().send_task(name, args, cast(Any, kwargs), producer=given, **options)
        began = time.monotonic()
        timeout = self.settings.publish_timeout
        if not self.settings.on_redis:
            options.setdefault("confirm_timeout", timeout / 2)
        for attempt in (1, 2):
            try:
                with self.producer_pool.acquire(block=True, timeout=timeout / 2) as producer:
                    return super().send_task(name, args, cast(Any, kwargs), producer=producer, **options)
            except BROKER_ERRORS as error:
                # A connection from before a restart fails at once; a new one may do. What took its time was a broker
                # that does not answer.
                late = time.monotonic() - began > timeout / 4
                if attempt == 2 or late or isinstance(error, LimitExceeded):
                    raise TasksUnavailable(
                        f"The broker does not take the task {name!r}: {_reason(error)}."
                    ) from error
        raise AssertionError("unreachable")


def _reason(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".rstrip(". ")
