"""Starting and stopping: what runs in each worker before and after it serves.

ASGI and RSGI servers say when; under WSGI the first request starts, and the end of the process
stops. This module must not know the protocols, only that they call it.
"""

from __future__ import annotations

import atexit
import os
import sys
from _thread import allocate_lock, get_ident
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakSet, ref

from demijohn.contexts import ports
from demijohn.contexts.context import AppContext
from demijohn.contexts.request_ids import carry_request_id, current_request_id
from demijohn.later import later

from demijohn.waiting.callables import is_async
from demijohn.setup import stop_signals
from demijohn.setup.mounting import Mount
from demijohn.signals import got_background_exception, got_serving_exception, sending
from demijohn.waiting.drivers import drive_async, running_loop, wait
from demijohn.waiting.steps import Steps, is_awaitable

if TYPE_CHECKING:
    from demijohn.setup import readiness
    from demijohn.waiting import loops
else:
    readiness = later("demijohn.setup.readiness")  # concurrent.futures; with the first who asks
    loops = later("demijohn.waiting.loops")  # 13 % of an import of Flask: asyncio


T = TypeVar("T")


class Application(ports.Application, Protocol):
    """An application, as far as starting and stopping it goes."""

    before_serving_funcs: list[Callable[[], Any]]
    after_serving_funcs: list[Callable[[], Any]]
    while_serving_gens: list[Callable[[], Any]]
    mounts: dict[str, Mount]

    def app_context(self) -> AppContext:
        """A context that makes the application current."""
        ...

    def freeze(self) -> None:
        """Note that the first request is here."""
        ...


_all: WeakSet[Lifecycle] = WeakSet()

#: Whether this code is called by a start-up function: a request it makes must not wait for its end.
_beginning: ContextVar[bool] = ContextVar("demijohn.beginning", default=False)


def _after_fork() -> None:
    for lifecycle in tuple(_all):
        lifecycle._after_fork()


def _end_all_streams() -> None:
    for lifecycle in tuple(_all):
        lifecycle.end_streams()


# Once for all: what is registered is never let go again.
os.register_at_fork(after_in_child=_after_fork)


class Lifecycle:
    """The serving state of one application in one process.

    :param app: The application.
    """

    def __init__(self, app: Application) -> None:
        self._app = ref(app)
        self._kept: Any = None
        self._lock = allocate_lock()
        self._gate = allocate_lock()  # around looking whether another has begun to start up
        self._generators: list[Any] = []
        self._guests: list[Mount] = []
        self._pools: dict[Any, Any] = {}
        self._background: set[Any] = set()
        self._has_background = False
        self._starting: Any = None
        #: The event loop that serves, and the thread it runs in.
        self.loop: Any = None
        self.thread: int | None = None
        #: The WebSockets being handled.
        self.sockets: set[Any] = set()
        #: What ends the event streams that are open, each called once from any thread.
        self.endings: set[Callable[[], None]] = set()
        #: Whether the server calls :meth:`announce_stop`.
        self.told = False
        #: Whether the functions that run before serving have run in this process.
        self.started = False
        #: Whether this process has been told to stop; readiness probes say no from then on.
        self.stopping = False
        _all.add(self)

    @property
    def app(self) -> Any:
        """The application, which holds this and not the other way round."""
        app = self._app()
        if app is None:
            raise ReferenceError("The application of this lifecycle is gone: keep a reference to it.")
        return app

    def _after_fork(self) -> None:
        self._lock = allocate_lock()
        self._gate = allocate_lock()  # around looking whether another has begun to start up
        self._pools = {}
        self._generators = []
        self._starting = None
        self.started = False
        app = self._app()
        for mount in () if app is None else app.mounts.values():
            mount.forget()

    @cached_property
    def readiness(self) -> Any:
        """What finds out whether the application can do its work."""
        return readiness.Readiness(self.app)

    # Threads.

    def pool(self, loop: Any) -> Any:
        """The pool of threads that serves ``loop``, of ``THREADS`` threads."""
        pool = self._pools.get(loop)
        if pool is None:
            for old in [old for old in tuple(self._pools) if old.is_closed()]:
                closed = self._pools.pop(old, None)
                if closed is not None:  # else another thread has closed it
                    closed.close()
            pool = loops.ThreadPool(loop, self.app.own_setting("THREADS"))
            self._pools[loop] = loops.pools[loop] = pool
        return pool

    def drive(self, steps: Steps[T]) -> Awaitable[T]:
        """Run steps that may block, in threads that no view has, and awaitables on the loop of here."""
        return loops.drive_hopping(steps, self.pool(running_loop()).steps)

    # Serving.

    def has_work(self) -> bool:
        """Whether anything was registered to run around serving."""
        app = self.app
        return bool(
            app.before_serving_funcs
            or app.after_serving_funcs
            or app.while_serving_gens
            or any(mount.has_work for mount in app.mounts.values())
        )

    async def enter(self, loop: Any) -> None:
        """Make ``loop`` the one that serves, and start up where the server knows no lifespan."""
        if not self.started:
            await self.startup()
        self.loop, self.thread = loop, get_ident()
        loops.use_server_loop(loop)

    async def startup(self) -> None:
        """Run the ``before_serving`` functions, then ``while_serving``, once per process (as Quart).

        Those of mounted applications come next, in the order in which they were mounted.

        :raises Exception: what a function raised; the worker must not serve then.
        """
        loops.use_server_loop(running_loop())
        while not self.started and not _beginning.get():
            with self._gate:
                begun = self._starting
                if begun is None:
                    self._starting = loops.ThreadFuture()
            if begun is not None:
                # Another request has begun with it, maybe on another loop; if it fails, this one tries.
                aio = loops.asyncio
                await aio.shield(aio.wrap_future(begun))
                continue
            try:
                self._settle()
                if self.has_work() or self.app.mounts:
                    await self._begin_serving()
                self.app.freeze()
                self.started, self.stopping = True, False
            finally:
                begun, self._starting = self._starting, None
                begun.set_result(None)

    async def _begin_serving(self) -> None:
        try:
            await self._begin_own()
            for mount in self.app.mounts.values():
                await mount.startup()
                self._guests.append(mount)
        except BaseException as e:
            await self._tell(e)
            # A server that goes on all the same: each request tries again, none is served half ready.
            while self._guests:
                await self._collect(self._guests.pop().shutdown(), [])
            while self._generators:
                await self._collect(self._advance(self._generators.pop(), last=True), [])
            raise

    async def _begin_own(self) -> None:
        token = _beginning.set(True)
        try:
            with self.app.app_context():
                for function in self.app.before_serving_funcs:
                    await self._call(function)
                for make in self.app.while_serving_gens:
                    generator = make()
                    await self._advance(generator)
                    self._generators.append(generator)
        finally:
            _beginning.reset(token)

    async def shutdown(self) -> None:
        """Stop tasks, run the rest of ``while_serving``, then the ``after_serving`` functions.

        All run, even when one raises; the first error is raised at the end.
        """
        if not self.started:
            return
        self.started, self.stopping = False, True
        errors: list[Exception] = []
        await self._finish_background()
        if self.has_work() or self._guests:
            await self._end_serving(errors)
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        if errors:
            raise errors[0]

    async def _end_serving(self, errors: list[Exception]) -> None:
        while self._guests:
            await self._collect(self._guests.pop().shutdown(), errors)
        with self.app.app_context():
            while self._generators:
                await self._collect(self._advance(self._generators.pop(), last=True), errors)
            for function in self.app.after_serving_funcs:
                await self._collect(self._call(function), errors)

    async def _collect(self, work: Awaitable[None], errors: list[Exception]) -> None:
        try:
            await work
        except Exception as e:
            await self._tell(e)
            errors.append(e)

    async def _tell(self, e: BaseException) -> None:
        if got_serving_exception.receivers:
            await drive_async(sending(got_serving_exception, self.app, exception=e))

    async def _call(self, function: Callable[[], Any]) -> None:
        rv = function()
        if is_awaitable(rv):
            await rv

    async def _advance(self, generator: Any, last: bool = False) -> None:
        """Run a ``while_serving`` generator to its yield, or from there to its end."""
        try:
            if hasattr(generator, "__anext__"):
                await generator.__anext__()
            else:
                next(generator)
        except (StopIteration, StopAsyncIteration):
            if not last:
                raise RuntimeError(
                    f"The while_serving function {generator!r} ended without a yield: it must yield"
                    " once, where the application serves."
                ) from None
            return
        if last:
            raise RuntimeError(f"The while_serving function {generator!r} yields more than once.")

    def announce_stop(self) -> None:
        """Note that this process is about to stop, and close its WebSockets with 1012.

        For a server to call while connections still work, from any thread.
        """
        self.stopping = True
        for mount in self.app.mounts.values():
            mount.announce_stop()
        self.end_streams()
        loop = self.loop
        if loop is None or not loop.is_running():
            return
        for socket in tuple(self.sockets):
            # 1012 is "service restart" in the registry of RFC 6455, 11.7: clients come back.
            loop.call_soon_threadsafe(socket.give_up, 1012)

    def end_streams(self) -> None:
        """Note that this process is about to stop, and end its event streams, which clients take up elsewhere."""
        self.stopping = True
        for end in tuple(self.endings):
            end()

    def watch(self) -> None:
        """Hear of the signals that stop a server which tells of nothing before its streams have ended."""
        if not self.told and not stop_signals.is_heard():
            stop_signals.hear(self.loop, _end_all_streams)

    def start_sync(self) -> None:
        """:meth:`startup` for a WSGI worker: called by the server's hook or by the first request."""
        if self.started or _beginning.get():
            return
        with self._lock:
            if self.started:
                return
            # Not the loop of another application's test client either, which ends when that client does.
            loops.use_server_loop(None)
            self.app.freeze()
            if not self.has_work():
                self._settle()
                for mount in self.app.mounts.values():
                    mount.start_sync()
                self.started = True
                return
            wait(self._startup_off_server())
            self._stop_at_exit()

    def _settle(self) -> None:
        """Settle the application, and find out what of it makes no sense before a request does."""
        self.app.settle()
        for check in self.app.start_checks:
            check()

    def _stop_at_exit(self) -> None:
        self._kept = self.app  # until it is stopped
        atexit.register(self.stop_sync)
        multiprocessing = sys.modules.get("multiprocessing.util")
        if multiprocessing is not None:
            # A worker made by multiprocessing (Granian's) ends without atexit.
            multiprocessing.Finalize(None, self.stop_sync, exitpriority=10)

    async def _startup_off_server(self) -> None:
        await self.startup()
        loops.use_server_loop(None)  # the loop is the background one, not a server's

    def stop_sync(self) -> None:
        """:meth:`shutdown` for a WSGI worker; harmless when nothing was started."""
        atexit.unregister(self.stop_sync)
        if self.started and (self.has_work() or self._has_background):
            wait(self.shutdown())
        self.started = False
        self._kept = None

    # Background work.

    def add_background_task(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Run a function after the response, inside an application context.

        Async functions run on the loop, others in a thread; errors are logged.
        """
        context = copy_context()
        running = loops.tasks
        request_id = current_request_id()

        def start() -> None:
            work = self._background_work(function, args, kwargs, request_id)
            task = running_loop().create_task(work, context=context)
            self._background.add(task)
            running.add(task)
            task.add_done_callback(self._background.discard)
            task.add_done_callback(running.discard)

        here = running_loop()
        loop = here or loops.waiting_loop()
        if not self._has_background:
            # Known from here on, not only when the loop has begun it.
            self._has_background = True
            if loop is loops.background.loop and self._kept is None:
                self._stop_at_exit()
        if here is None:
            loop.call_soon_threadsafe(start)
        else:
            start()

    async def _background_work(self, function: Any, args: Any, kwargs: Any, request_id: str | None) -> None:
        try:
            async with _AppContext(self.app):
                carry_request_id(request_id)
                if is_async(function):
                    await function(*args, **kwargs)
                else:
                    rv = await self.pool(running_loop()).run(
                        copy_context(), lambda _: function(*args, **kwargs), None
                    )
                    if is_awaitable(rv):
                        await rv
        except Exception as e:
            if got_background_exception.receivers:
                await drive_async(sending(got_background_exception, self.app, exception=e))
            self.app.logger.exception("The background task %r failed", function)

    async def _finish_background(self) -> None:
        """Give background tasks the grace time, then cancel what is left."""
        here = {t for t in self._background if t.get_loop() is running_loop()}
        if not here:
            return
        wait_for = loops.asyncio.wait
        _, late = await wait_for(here, timeout=self.app.own_setting("BACKGROUND_TASK_SHUTDOWN_TIMEOUT"))
        for task in late:
            task.cancel()
        if late:
            self.app.logger.warning("%d background tasks were cancelled at shutdown", len(late))
            await wait_for(late, timeout=1)


class _AppContext:
    """An application context around async code: its teardown may be async too."""

    def __init__(self, app: Application) -> None:
        self.ctx = app.app_context()

    async def __aenter__(self) -> None:
        self.ctx.push()

    async def __aexit__(self, kind: Any, exc: BaseException | None, traceback: Any) -> None:
        await self.ctx.apop(exc)
