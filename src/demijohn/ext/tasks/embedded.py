"""Tasks without a broker: in threads of this process, by the same messages and Celery's own course of a task."""

from __future__ import annotations

import asyncio
import atexit
import heapq
import os
import socket
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from functools import partial
from json import JSONDecoder
from queue import SimpleQueue
from typing import Any, TypeAlias, cast

import celery
from celery.app.control import Control
from celery.app.trace import build_tracer
from celery.backends.base import KeyValueStoreBackend
from celery.exceptions import NotRegistered
from celery.utils.collections import LimitedSet
from celery.utils.time import maybe_iso8601
from kombu.exceptions import EncodeError
from kombu.utils.functional import maybe_list
from kombu.utils.json import JSONEncoder, object_hook

from demijohn.ext.tasks.ports import Args, Kwargs
from demijohn import Flask
from demijohn.ext.tasks.beat import make_beat
from demijohn.ext.tasks.celery_app import RoomCelery
from demijohn.ext.tasks.messages import write
from demijohn.ext.tasks.settings import Settings

#: Threads, unless ``TASKS_CONFIG["worker_concurrency"]`` says otherwise.
_THREADS = 4

#: The arguments and what travels with them, as JSON; what a run is told; when it is too late, since the epoch.
Message: TypeAlias = tuple[str, str | None, dict[str, Any], float | None]

_HOST = socket.gethostname()

#: PERF: kombu makes a decoder for each message, and an encoder for each result.
_read = JSONDecoder(object_hook=object_hook).decode
_write = JSONEncoder().encode

#: Results that are kept; the oldest go first.
_RESULTS = 10_000


class MemoryBackend(KeyValueStoreBackend):
    """Results in the memory of this process, written as every other backend writes them."""

    implements_incr = True
    persistent = False
    supports_autoexpire = True

    def __init__(self, app: celery.Celery, **options: Any) -> None:
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._changed = threading.Condition()
        super().__init__(app=app, **options)

    def encode(self, data: Any) -> Any:
        """Write what is kept, as kombu does.

        :raises EncodeError: for what JSON cannot hold, which fails the task.
        """
        try:
            return _write(data)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise EncodeError(str(error)) from error

    def get_key_for_task(self, task_id: str, key: Any = "") -> Any:
        """What a task's result is kept under."""
        # PERF: Celery's makes bytes of three texts.
        return f"{task_id}{key}"

    def get(self, key: str) -> Any:
        """The value under a key."""
        return self._kept.get(key)

    def mget(self, keys: Iterable[str]) -> Any:
        """The values under keys."""
        return [self._kept.get(key) for key in keys]

    def set(self, key: str, value: Any) -> None:
        """Keep a value, and wake who waits for one."""
        with self._changed:
            self._kept[key] = value
            while len(self._kept) > _RESULTS:
                self._kept.popitem(last=False)
            self._changed.notify_all()

    def delete(self, key: str) -> None:
        """Drop a value."""
        self._kept.pop(key, None)

    def incr(self, key: str) -> int:
        """Count, for the parts of a chord."""
        with self._changed:
            value: int = int(self._kept.get(key) or 0) + 1
            self._kept[key] = value
            return value

    def _store_result(self, task_id: str, result: object, state: str, *args: Any, **options: Any) -> Any:
        # PERF: Celery's looks first whether another process was faster, and reads the time in the zone (60 us).
        request = options.get("request")
        meta = {
            "status": state, "result": result, "traceback": options.get("traceback"),
            "children": self.current_task_children(request), "task_id": task_id,
            "date_done": datetime.now(UTC).isoformat() if state in self.READY_STATES else None,
        }  # fmt: skip
        for name in ("group", "parent_id"):
            if request and getattr(request, name, None):
                meta["group_id" if name == "group" else name] = getattr(request, name)
        key, written = self.get_key_for_task(task_id), self.encode(meta)
        if state in self.READY_STATES:
            self.set(key, written)
            return result
        with self._changed:
            # The next try may have ended in another thread before this one has said that there is one.
            before = self._kept.get(key)
            if before is None or self.decode(before)["status"] not in self.READY_STATES:
                self.set(key, written)
        return result

    def wait(self, seconds: float) -> None:
        """Wait until a result is kept."""
        with self._changed:
            self._changed.wait(seconds)


class ThreadsControl(Control):
    """What can be said to the threads of this process."""

    def revoke(
        self, task_id: str | Iterable[str], destination: Any = None, terminate: bool = False, *args: Any, **options: Any
    ) -> None:  # fmt: skip
        """Have tasks that wait not be run. One that runs goes on: a thread cannot be ended."""
        app = cast(EmbeddedCelery, self.app)
        app.engine.revoked.update([task_id] if isinstance(task_id, str) else task_id)
        if terminate:
            app.flask.logger.warning("What runs in a thread is not ended by revoke: %s", task_id)


class EmbeddedCelery(RoomCelery):
    """The Celery application where there is no broker."""

    control_cls = ThreadsControl  # type: ignore[assignment]  # a class does as well as its name

    def __init__(self, flask: Flask, settings: Settings, sign: Callable[[str], str], **options: Any) -> None:
        super().__init__(flask, settings, sign, **options)
        # Made now: of two threads that ask for the first time, each would have one of its own.
        self._memory = None if settings.results is not None else MemoryBackend(self)
        self.engine = Engine(self)

    def _get_backend(self) -> Any:
        return super()._get_backend() if self._memory is None else self._memory

    def pause(self, seconds: float) -> None:
        """Wait for the next result."""
        backend = self.backend
        if isinstance(backend, MemoryBackend):
            backend.wait(seconds)
        else:
            time.sleep(seconds)

    def _hand_over(self, name: str, args: Args, kwargs: Kwargs, options: dict[str, Any], written: str) -> Any:
        parent = self.current_worker_task
        request = None if parent is None else parent.request
        task_id = options["task_id"]
        root_id = options.get("root_id") or (request and request.root_id) or task_id
        eta = options.get("eta")
        if isinstance(eta, str):
            eta = maybe_iso8601(eta)
        due = None
        if options.get("countdown"):
            due = time.time() + float(options["countdown"])
        elif isinstance(eta, datetime):
            due = (eta if eta.tzinfo else eta.replace(tzinfo=self.settings.zone)).timestamp()
        callbacks, errbacks = maybe_list(options.get("link")), maybe_list(options.get("link_error"))
        extra = {
            "callbacks": callbacks, "errbacks": errbacks, "chain": options.get("chain"), "chord": options.get("chord"),
        }  # fmt: skip
        extra = {name: value for name, value in extra.items() if value}
        message = {
            **options["headers"], "id": task_id, "task": name, "root_id": root_id,
            "parent_id": options.get("parent_id") or (request and request.id),
            "group": options.get("group_id"), "group_index": options.get("group_index"),
            "retries": options.get("retries", 0), "ignore_result": options.get("ignore_result"),
            "replaced_task_nesting": options.get("replaced_task_nesting", 0),
            "stamped_headers": options.get("stamped_headers"),
            "stamps": {name: options[name] for name in options.get("stamped_headers") or ()},
            "correlation_id": task_id, "headers": options["headers"],
        }  # fmt: skip
        expires = _expires(self.settings.zone, options.get("expires"))
        more = write(name, (), extra, {}) if extra else None
        self.engine.put(name, (written, more, message, expires), due)
        result = self.AsyncResult(task_id)
        result.ignored = options.get("ignore_result")
        if options.get("add_to_parent", True) and parent is not None:
            parent.add_trail(result)
        return result


def _expires(zone: tzinfo, given: datetime | str | float | None) -> float | None:
    if given is None:
        return None
    if isinstance(given, str):
        given = maybe_iso8601(given)
    if isinstance(given, datetime):
        return (given if given.tzinfo else given.replace(tzinfo=zone)).timestamp()
    return time.time() + float(given or 0)


class Engine:
    """The threads of one process, what they have to do, and what is due later."""

    def __init__(self, app: EmbeddedCelery) -> None:
        self.app = app
        self._most = int(app.conf.worker_concurrency or _THREADS)
        self._reset()
        os.register_at_fork(after_in_child=self._reset)
        self._warned = False

    def _reset(self) -> None:
        self._ready: SimpleQueue[Any] = SimpleQueue()
        self._later: list[tuple[float, int, str, Message]] = []
        self._lock = threading.Condition()
        self._threads = 0
        self._timer = False
        self._numbers = 0
        #: The tasks that were taken in and have not ended. By number: the next try of a job has the same id.
        self._open: dict[int, str] = {}
        self._stopping = threading.Event()
        #: The ids of those that shall not be run; Celery's workers remember as many.
        self.revoked = LimitedSet(maxlen=50_000, expires=10_800)

    def put(self, name: str, message: Message, due: float | None) -> None:
        """Take a task in; ``due`` is when it may run, in seconds since the epoch."""
        if not self._warned:
            self._warn()
        with self._lock:
            self._begin_again()
            self._numbers = number = self._numbers + 1
            self._open[number] = name
            if due is None or due <= time.time():
                self._ready.put((number, name, message))
                self._start_worker()
                return
            heapq.heappush(self._later, (due, number, name, message))
            if not self._timer:
                self._timer = True
                self._start(self._wait_for_due, "demijohn-tasks-due")
            self._lock.notify_all()

    def _start_worker(self) -> None:
        if self._threads < self._most:
            self._threads += 1
            self._start(self._work, "demijohn-tasks")

    @staticmethod
    def _start(target: Callable[[], None], name: str) -> None:
        threading.Thread(target=target, name=name, daemon=True).start()

    def _warn(self) -> None:
        self._warned = True
        atexit.register(self.stop)
        flask = self.app.flask
        if not flask.debug and not flask.testing:
            flask.logger.warning(
                "TASKS_BROKER is not set: tasks run in threads of this process, which is for development. What waits"
                " is lost with the process."
            )

    def _begin_again(self) -> None:
        """Be there again, for a process that has stopped serving and goes on, such as a test's."""
        if self._stopping.is_set():
            self._stopping = threading.Event()
            self._ready = SimpleQueue()

    def _wait_for_due(self) -> None:
        stopping = self._stopping
        while True:
            with self._lock:
                if stopping.is_set():
                    return
                now = time.time()
                while self._later and self._later[0][0] <= now:
                    self._ready.put(heapq.heappop(self._later)[1:])
                    self._start_worker()
                self._lock.wait(self._later[0][0] - now if self._later else None)

    def _work(self) -> None:
        take = self._ready.get
        while True:
            found = take()
            if found is None:
                return
            number, name, message = found
            try:
                self._run(name, message)
            except BaseException:
                self.app.flask.logger.exception("The task %s broke off", name)
            finally:
                self._open.pop(number, None)  # PERF: in one step, without the lock that senders wait for

    def _run(self, name: str, written: Message) -> None:
        body, extra, request, expires = written
        task_id = request["id"]
        task = self.app.tasks.get(name)
        if task is None:
            self.app.flask.logger.error("There is no task %r: the job %s fails.", name, task_id)
            self.app.backend.mark_as_failure(task_id, NotRegistered(name), request=None)
            return
        if expires is not None and expires < time.time():
            self.app.backend.mark_as_revoked(task_id, "expired")
            return
        if self.revoked and task_id in self.revoked:
            self.app.backend.mark_as_revoked(task_id, "revoked")
            return
        args, kwargs, _ = _read(body)
        request |= {"delivery_info": {}, "hostname": _HOST, "is_eager": False}
        if extra is not None:
            request |= _read(extra)[1]
        tracer = task.__trace__
        if tracer is None:
            tracer = task.__trace__ = build_tracer(task.name, task, app=self.app)
        tracer(task_id, args, kwargs, request)

    def begin_schedule(self) -> None:
        """Send the turns of ``TASKS_SCHEDULE`` from a thread, until this process stops serving."""
        beat = make_beat(self.app.flask, self.app.settings, self.app.send_task)
        self._begin_again()
        self._start(partial(beat.run, self._stopping), "demijohn-tasks-beat")

    async def stop_off_loop(self) -> None:
        """:meth:`stop` for a loop, which async tasks that are waited for may need; nor can it start a thread now."""
        deadline = time.monotonic() + self.app.settings.shutdown_timeout
        while self._open and time.monotonic() < deadline:  # noqa: ASYNC110 - it is threads that are waited for
            await asyncio.sleep(0.02)
        self._end()

    def stop(self) -> None:
        """Give what waits the time it has, then name what is left."""
        deadline = time.monotonic() + self.app.settings.shutdown_timeout
        while self._open and time.monotonic() < deadline:
            time.sleep(0.01)
        self._end()

    def _end(self) -> None:
        with self._lock:
            left = Counter(tuple(self._open.values()))
            self._stopping.set()
            self._lock.notify_all()
            for _ in range(self._threads):
                self._ready.put(None)
            self._threads = 0
            self._timer = False
            self._open.clear()
            self._later.clear()
        if left:
            names = ", ".join(f"{name} ({count})" for name, count in sorted(left.items()))
            seconds = self.app.settings.shutdown_timeout
            self.app.flask.logger.warning("Tasks were dropped at shutdown, after %g s: %s", seconds, names)
