"""One Granian worker, run in the calling process; its known hazards are closed here.

Granian's own supervisor is not used: when it is killed its workers live on, it prints tracebacks
for a wrong port, and it cannot replace workers without refusing connections. This module takes the
function Granian would run in a worker process and runs it in this one, on a socket that is bound
already. What else it mends, each seen on Granian 2.8.7 to 2.8.9 (tests/devserver/test_hazards.py):

* its WSGI loses fields with a byte beyond ASCII, takes an upload that broke off for whole, and begins the
  environ with ``os.environ``, the process's secrets. Here WSGI goes by :mod:`demijohn.devserver.gateway`;
* signal handlers are set whatever the thread, and the drain after SIGTERM has no end: one client
  that sent half a request holds it for 30 seconds, one endless response for ever. Here the handlers
  are ours, only in the main thread, and after the grace time what is left is cut;
* 512 Python threads by default (see ``options.DEFAULT_THREADS``);
* at a stop, connections just accepted are closed unanswered (see ``_stop_accepting``);
* a failing start-up hook may be ignored (see :mod:`demijohn.setup.lifespan`).

This module must not know processes, reloading or how an application is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from demijohn.devserver.accesslog import FORMAT, configure_logging
from demijohn.devserver.entries import asgi_entry, is_ours, rsgi_entry, start_rsgi, stop_rsgi
from demijohn.devserver.gateway import NoLoop, scheduler
from demijohn.setup.lifespan import Lifespan, StartupFailed, describe
from demijohn.devserver.messages import say
from demijohn.devserver.options import DEFAULT_THREADS, ServeError, ServeOptions
from demijohn.devserver.orders import END, HURRY, STOP, Orders
from demijohn.devserver.ports import AnyApplication
from demijohn.typing import ASGIApplication, Receive, Scope, Send
from demijohn.devserver.sockets import BACKLOG, hang_up, is_unix, stop_polling

if TYPE_CHECKING:
    from granian._granian import WorkerSignal

#: After cancelling what is in flight, how long it may take to clean up; seconds.
CLEANUP_TIME = 2.0

#: For Granian to stop accepting after it was told, where only it can know of it; seconds.
ACCEPTING_TIME = 0.05

#: Between the last accept and the end of connections without a request, for requests to arrive; seconds.
SETTLING_TIME = 0.2

_SIGNALS = [s for s in (getattr(signal, n, None) for n in ("SIGTERM", "SIGINT", "SIGBREAK")) if s]


class _Cut(KeyboardInterrupt):
    """Ends the wait of the main thread. Of this class because event loops let only it and SystemExit through."""


class GranianServer:
    """Serves one application until told to stop.

    :param app: The application, callable by the protocol of ``interface``.
    :param interface: ``wsgi``, ``asgi`` or ``rsgi``.
    :param sock: A listening, non-blocking socket.
    :param options: Threads, certificate, grace time, access log.
    :param ends_process: Whether the process ends with it, and may be ended when a client keeps it from ending.
    :raises ServeError: When Granian is not installed.
    """

    def __init__(
        self, app: AnyApplication, interface: str, sock: socket.socket, options: ServeOptions, *,
        ends_process: bool = True,
    ) -> None:  # fmt: skip
        self.app, self.interface, self.sock, self.options = app, interface, sock, options
        self._ends_process = ends_process
        self._granian = _Granian()
        self._stop_signal = self._granian.WorkerSignal()
        self._orders = Orders()
        self._started = self._leaving = self._ended = self._hurried = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lifespan: Lifespan | None = None
        self._lifecycle = app.lifecycle if is_ours(app) else None
        self._main_thread: int | None = None
        self._accepting_fd: int | None = None

    # ------------------------------------------------------------------ serving

    def run(
        self, on_ready: Callable[[], None] | None = None, on_deaf: Callable[[], None] = lambda: None
    ) -> None:
        """Serve; returns when stopped, drained and shut down.

        :param on_ready: Called without arguments when start-up hooks have run, before the first accept.
        :param on_deaf: Called when nothing is accepted any more, from another thread.
        :raises StartupFailed: When a start-up hook failed.
        """
        self._on_ready, self._on_deaf = on_ready, on_deaf
        server = self._make_server()
        threading.Thread(target=self._follow_orders, name="demijohn-drain", daemon=True).start()
        with (
            self._orders.of_signals(_SIGNALS, self._on_signal) as mine,
            _mended(self._granian, self._stop_signal),
        ):
            self._main_thread = threading.get_ident() if mine else None
            try:
                server.serve(target_loader=self._start, wrap_loader=False)
            except _Cut:
                pass
            finally:
                self._ended = True
                self._orders.give(END)
                self._finish()

    def _make_server(self) -> Any:
        options, granian = self.options, self._granian
        server: Any = granian.MPServer(
            target="demijohn",
            # WSGI too, by a gateway of our own: Granian's loses fields with a byte beyond ASCII.
            interface=granian.Interfaces("rsgi" if self.interface == "rsgi" else "asginl"),
            # Threads of its Rust half, for files it serves itself; also 512 by default.
            runtime_blocking_threads=4,
            backlog=BACKLOG,
            log_level=granian.LogLevels.error,
            log_dictconfig=configure_logging(),
            log_access=options.access_log and self._lifecycle is None,  # ours write their own
            log_access_format=FORMAT,
            ssl_cert=Path(options.cert[0]) if options.cert else None,
            ssl_key=Path(options.cert[1]) if options.cert else None,
            ssl_protocol_min=granian.SSLProtocols.tls12,
            **granian.limits(options.max_header_size),
        )

        def serve_here(
            spawn_target: Callable[..., None], target_loader: Callable[[], AnyApplication]
        ) -> None:
            # In the place of "bind, spawn processes, watch them": the worker's function, called.
            # Granian closes the descriptor it is given, so it gets its own.
            self._accepting_fd = os.dup(self.sock.fileno())
            server._shd = granian.SocketHolder(self._accepting_fd, is_unix(self.sock), BACKLOG)
            server._ssp = server._sso = None
            server._ipc = {}
            target = self._granian.wrapped(self._serve_wsgi) if self.interface == "wsgi" else spawn_target
            worker = server._spawn_worker(idx=0, target=target, callback_loader=target_loader)
            worker.inner.run()

        server._serve = serve_here
        return server

    def _serve_wsgi(
        self, number: int, app: AnyApplication, sock: Any, ipc: Any, loop: Any, mode: Any, threads: int,
        blocking_threads: int, py_threads: int, idle_timeout: int, backpressure: int, task_impl: Any,
        http: Any, http1: Any, http2: Any, websockets: bool, static: Any, log_format: str | None, ssl: Any,
        *_: Any,
    ) -> None:  # fmt: skip
        """What Granian's function for an ASGI worker does, for an application that is called by WSGI."""
        most = self.options.threads or DEFAULT_THREADS
        worker = self._granian.ASGIWorker(
            number, sock, ipc, threads, blocking_threads, most + 1, idle_timeout, backpressure, http, http1,
            http2, False, static, *ssl, (None, None),
        )  # fmt: skip
        serve = getattr(worker, self._granian.WORKERS_METHODS[mode][(sock[0] or sock[1]).is_uds()])
        ended = threading.Event()
        self._stop_signal.add_cb(ended.set)
        serve(scheduler(self._granian, app, most, log_format), NoLoop(), self._stop_signal)
        ended.wait()

    def _start(self) -> AnyApplication | _RSGITarget:
        """Run the start-up hooks and give Granian its callable; called in the thread that serves."""
        # Granian has made and set a loop of the best kind there is.
        self._loop = asyncio.get_event_loop()
        target = self.app
        if self.interface == "asgi":
            target = asgi_entry(self.app)
            self._lifespan = Lifespan(target)
            self._loop.run_until_complete(self._lifespan.startup())
            if self._lifespan.state:
                target = _with_state(target, self._lifespan.state)
        elif self.interface == "wsgi" and self._lifecycle is not None:
            try:
                self._lifecycle.start_sync()
            except Exception as error:
                raise StartupFailed(describe(error)) from error
        self._started = True
        if self._lifecycle is not None:
            self._lifecycle.told = True
        if self._on_ready is None:
            return target
        if self.interface == "rsgi":
            return _RSGITarget(self.app, self._on_ready)
        self._on_ready()
        return target

    def _finish(self) -> None:
        """Run the shut-down hooks, whether the drain ended well or was cut."""
        failure = None
        if self._lifespan is not None and self._started and self._loop is not None:
            with contextlib.suppress(_Cut):
                failure = self._loop.run_until_complete(self._lifespan.shutdown())
            # Granian's last threads may still drop objects of the loop: ending the interpreter at
            # once makes them panic (message only, seen in 3 of 4 runs; never with this pause).
            time.sleep(0.05)
        elif self.interface == "wsgi" and self._started and self._lifecycle is not None:
            try:
                self._lifecycle.stop_sync()
            except Exception as error:
                failure = describe(error)
        if failure:
            say(f"A shut-down hook failed: {failure}")
        if self._loop is not None and not self._loop.is_running():
            self._loop.close()
            asyncio.set_event_loop(None)

    # ----------------------------------------------------------------- stopping

    def stop(self) -> None:
        """Begin to drain: accept no more, let requests in flight finish. Safe in signal handlers and threads."""
        self._orders.give(STOP)

    def _follow_orders(self) -> None:
        """In a thread of its own: do what stop(), signals and the end of serving ask for."""
        first = self._orders.take((STOP, *_SIGNALS, END))
        if first == END or (first == signal.SIGTERM and self._drain() == END):
            return
        if self._lifecycle is not None:
            # Readiness probes on open connections say no from now on, and open sockets are closed.
            self._lifecycle.announce_stop()
        # Ctrl-C and the supervisor's SIGTERM come together; a second Ctrl-C comes after this.
        deaf, replaced = self._stop_accepting()
        if deaf:
            self._on_deaf()
        settling = self._orders.take([END], SETTLING_TIME if replaced else 0)
        self._stop_signal.set()
        if not deaf:
            settling = settling or self._orders.take([END], ACCEPTING_TIME)
            self._on_deaf()
        grace = self.options.graceful_timeout
        order = settling or self._orders.take((signal.SIGINT, END), grace)
        if order is None:
            say(f"The grace time of {grace:g} s is over: cutting what is still in flight.")
        if order != END:
            self._cut()

    def hurry(self) -> None:
        """Stop without telling readiness probes for a time; for another thread, before or after SIGTERM."""
        self._hurried = True
        self._orders.give(HURRY)

    def _drain(self) -> int | None:
        """Take requests for a while yet, so that who balances load hears of the end before it comes."""
        drain = self.options.drain
        if not drain or self._hurried or self._lifecycle is None:
            return None
        self._lifecycle.stopping = True
        return self._orders.take((HURRY, signal.SIGINT, END), drain)

    def _stop_accepting(self) -> tuple[bool, bool]:
        """Let this worker accept no more, before Granian is told to stop.

        Granian does both at once, and closes without an answer a connection that it has accepted but
        not read from. So its listener is replaced, under the same descriptor, by one that nobody
        connects to; connections wait in the real one's queue for another worker, or for the next.

        :return: Whether Granian no longer minds the real one, and whether it was replaced.
        """
        if self.options.reload or self._accepting_fd is None or os.name != "posix" or not self._ends_process:
            return False, False
        deaf = stop_polling(self._accepting_fd)
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            nobody.listen(1)
            nobody.setblocking(False)
            os.dup2(nobody.fileno(), self._accepting_fd, inheritable=False)
        return deaf, True

    def _cut(self) -> None:
        """Cancel requests in flight, so that their teardowns run, and end."""
        # What is cut has an exception to tell, one per request; the line above said it already.
        logging.getLogger("_granian").setLevel(logging.CRITICAL + 1)
        if self.interface == "wsgi":
            _interrupt_request_threads(self._main_thread)
        elif self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._loop.call_soon_threadsafe(_cancel_requests, self._loop)
        if not self._ends_process:
            hang_up(self.sock.getsockname()[1])
        if self._orders.take([END], CLEANUP_TIME):
            return
        # What is left are connections that say nothing: half a request, an idle client. Granian
        # would wait for them, so the main thread's wait for Granian is broken.
        self._leaving = True
        if self._main_thread is not None and hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self._main_thread, signal.SIGTERM)
            if self._orders.take([END], CLEANUP_TIME):
                return
        if self._ends_process:
            os._exit(1)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._leaving and not self._ended:
            raise _Cut
        # The pipe has told it already, unless the application's loop.add_signal_handler() took its place.
        self._orders.give(STOP)


class _RSGITarget:
    """An RSGI application that says when its start-up is done."""

    def __init__(self, app: AnyApplication, on_ready: Callable[[], None]) -> None:
        self.__rsgi__ = rsgi_entry(app)
        self._app, self._on_ready = app, on_ready

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        start_rsgi(self._app, loop)
        self._on_ready()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        stop_rsgi(self._app, loop)


def _with_state(app: ASGIApplication, state: dict[str, Any]) -> ASGIApplication:
    def with_state(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["state"] = state.copy()
        return app(scope, receive, send)

    return with_state


def _cancel_requests(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel Granian's tasks, one per request; other tasks belong to the application and its shut-down hooks."""
    for task in asyncio.all_tasks(loop):
        if getattr(task.get_coro(), "__name__", "") == "future_watcher":
            task.cancel()


def _interrupt_request_threads(main_thread: int | None) -> None:
    """Raise SystemExit in the threads that Granian made, at their next Python instruction.

    They are not Python's, so they are those that :mod:`threading` does not know or only as dummies.
    """
    ours = {t.ident for t in threading.enumerate() if not t.name.startswith("Dummy-")}
    for ident in sys._current_frames():
        if ident != main_thread and ident not in ours:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))


class _Granian:
    """The parts of Granian that are used.

    :raises ServeError: When it is not installed.
    """

    def __init__(self) -> None:
        try:
            # Imported here: an optional requirement, and heavy.
            from granian import _signals, wsgi
            from granian._granian import ASGIWorker, CallbackScheduler, SocketHolder, WorkerSignal
            from granian.constants import Interfaces, SSLProtocols
            from granian.http import HTTP1Settings, HTTP2Settings
            from granian.log import LogLevels
            from granian.server.common import WORKERS_METHODS
            from granian.server.mp import MPServer, WorkerProcess
        except ImportError as error:
            raise ServeError(
                f"The server Granian cannot be imported ({error}): install it with"
                " pip install 'demijohn[server]', or use another server (see the page on deployment)."
            ) from None
        # Two of its modules: in one a name is replaced while it serves, the other has the access log of WSGI.
        self.signals: Any = _signals
        self.wsgi: Any = wsgi
        # Their types do not tell all of their arguments.
        self.SocketHolder: Any = SocketHolder
        self.ASGIWorker: Any = ASGIWorker
        self.wrapped: Any = WorkerProcess.wrap_target
        self.CallbackScheduler, self.WORKERS_METHODS = CallbackScheduler, WORKERS_METHODS
        self.WorkerSignal, self.MPServer = WorkerSignal, MPServer
        self.Interfaces, self.SSLProtocols, self.LogLevels = Interfaces, SSLProtocols, LogLevels
        self.HTTP1Settings, self.HTTP2Settings = HTTP1Settings, HTTP2Settings

    def limits(self, header_size: int | None) -> dict[str, Any]:
        """The arguments by which a header is limited in each version of HTTP."""
        if header_size is None:
            return {}
        return {
            "http1_settings": self.HTTP1Settings(max_buffer_size=header_size),
            "http2_settings": self.HTTP2Settings(max_headers_size=header_size),
        }


@contextlib.contextmanager
def _mended(granian: _Granian, stop_signal: WorkerSignal) -> Iterator[None]:
    """Replace what Granian's worker functions handle signals with."""
    signals = granian.signals
    before = signals.set_loop_signals
    signals.set_loop_signals = lambda loop: stop_signal
    try:
        yield
    finally:
        signals.set_loop_signals = before
