"""One Granian worker, run in the calling process; its known hazards are closed here.

Granian's own supervisor is not used: when it is killed its workers live on, it prints tracebacks
for a wrong port, and it cannot replace workers without refusing connections. This module takes the
function Granian would run in a worker process and runs it in this one, on a socket that is bound
already. What else it mends, each seen on Granian 2.8.7 (tests/devserver/test_hazards.py):

* the WSGI environ starts as a copy of ``os.environ``: the process's secrets and ``HTTP_PROXY``
  become request headers. Here it starts empty;
* signal handlers are set whatever the thread, and the drain after SIGTERM has no end: one client
  that sent half a request holds it for 30 seconds, one endless response for ever. Here the handlers
  are ours, only in the main thread, and after the grace time what is left is cut;
* 512 Python threads by default (see ``options.DEFAULT_THREADS``);
* at a stop, connections just accepted are closed unanswered (see ``_stop_accepting``);
* a failing start-up hook may be ignored (see :mod:`demijohn.devserver.lifespan`).

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
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from demijohn.devserver.accesslog import FORMAT, configure_logging
from demijohn.devserver.lifespan import Lifespan, StartupFailed, describe
from demijohn.devserver.messages import say
from demijohn.devserver.options import DEFAULT_THREADS, ServeError, ServeOptions
from demijohn.devserver.orders import END, STOP, Orders
from demijohn.devserver.sockets import BACKLOG, is_unix

#: After cancelling what is in flight, how long it may take to clean up; seconds.
CLEANUP_TIME = 2.0

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
    :raises ServeError: When Granian is not installed.
    """

    def __init__(self, app: Any, interface: str, sock: socket.socket, options: ServeOptions) -> None:
        self.app, self.interface, self.sock, self.options = app, interface, sock, options
        self._granian = _import_granian()
        self._stop_signal = self._granian.WorkerSignal()
        self._orders = Orders()
        self._started = self._leaving = self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lifespan: Lifespan | None = None
        self._main_thread: int | None = None
        self._accepting_fd: int | None = None

    # ------------------------------------------------------------------ serving

    def run(self, on_ready: Any = None) -> None:
        """Serve; returns when stopped, drained and shut down.

        :param on_ready: Called without arguments when start-up hooks have run, before the first accept.
        :raises StartupFailed: When a start-up hook failed.
        """
        server = self._make_server(on_ready)
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

    def _make_server(self, on_ready: Any) -> Any:
        options, granian = self.options, self._granian
        threads = options.threads or DEFAULT_THREADS
        server = granian.MPServer(
            target="demijohn",
            interface=granian.Interfaces("asginl" if self.interface == "asgi" else self.interface),
            blocking_threads=threads if self.interface == "wsgi" else None,
            # Threads of its Rust half, for files it serves itself; also 512 by default.
            runtime_blocking_threads=4,
            backlog=BACKLOG,
            log_level=granian.LogLevels.error,
            log_dictconfig=configure_logging(),
            log_access=options.access_log,
            log_access_format=FORMAT,
            ssl_cert=Path(options.cert[0]) if options.cert else None,
            ssl_key=Path(options.cert[1]) if options.cert else None,
            ssl_protocol_min=granian.SSLProtocols.tls12,
        )

        def serve_here(spawn_target: Any, target_loader: Any) -> None:
            # In the place of "bind, spawn processes, watch them": the worker's function, called.
            # Granian closes the descriptor it is given, so it gets its own.
            self._accepting_fd = os.dup(self.sock.fileno())
            server._shd = granian.SocketHolder(self._accepting_fd, is_unix(self.sock), BACKLOG)
            server._ssp = server._sso = None
            server._ipc = {}
            worker = server._spawn_worker(idx=0, target=spawn_target, callback_loader=target_loader)
            worker.inner.run()

        server._serve = serve_here
        self._on_ready = on_ready
        return server

    def _start(self) -> Any:
        """Run the start-up hooks and give Granian its callable; called in the thread that serves."""
        # Granian has made and set a loop of the best kind there is.
        self._loop = asyncio.get_event_loop()
        target = self.app
        if self.interface == "asgi":
            self._lifespan = Lifespan(self.app)
            self._loop.run_until_complete(self._lifespan.startup())
            # Instrumentation for Flask replaces __call__ by one that knows WSGI only.
            target = getattr(self.app, "asgi_app", self.app)
            if self._lifespan.state:
                target = _with_state(target, self._lifespan.state)
        elif self.interface == "wsgi":
            _call_lifecycle(self.app, "start_sync")
        self._started = True
        if self.interface != "rsgi" and self._on_ready is not None:
            self._on_ready()
        elif self._on_ready is not None:
            target = _RSGITarget(self.app, self._on_ready)
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
        elif self.interface == "wsgi" and self._started:
            try:
                _call_lifecycle(self.app, "stop_sync")
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
        if self._orders.take((STOP, *_SIGNALS, END)) == END:
            return
        lifecycle = getattr(self.app, "lifecycle", None)
        if lifecycle is not None:
            # Readiness probes on open connections say no from now on, and open sockets are closed.
            lifecycle.announce_stop()
        # Ctrl-C and the supervisor's SIGTERM come together; a second Ctrl-C comes after this.
        settling = self._orders.take([END], SETTLING_TIME if self._stop_accepting() else 0)
        self._stop_signal.set()
        grace = self.options.graceful_timeout
        order = settling or self._orders.take((signal.SIGINT, END), grace)
        if order is None:
            say(f"The grace time of {grace:g} s is over: cutting what is still in flight.")
        if order != END:
            self._cut()

    def _stop_accepting(self) -> bool:
        """Let this worker accept no more, before Granian is told to stop.

        Granian does both at once, and closes without an answer a connection that it has accepted but
        not read from. So its listener is replaced, under the same descriptor, by one that nobody
        connects to; connections wait in the real one's queue for another worker, or for the next.
        """
        if self.options.reload or self._accepting_fd is None or os.name != "posix":
            return False
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            nobody.listen(1)
            nobody.setblocking(False)
            os.dup2(nobody.fileno(), self._accepting_fd, inheritable=False)
        return True

    def _cut(self) -> None:
        """Cancel requests in flight, so that their teardowns run, and end."""
        # What is cut has an exception to tell, one per request; the line above said it already.
        logging.getLogger("_granian").setLevel(logging.CRITICAL + 1)
        if self.interface == "wsgi":
            _interrupt_request_threads(self._main_thread)
        elif self._loop is not None:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._loop.call_soon_threadsafe(_cancel_requests, self._loop)
        if self._orders.take([END], CLEANUP_TIME):
            return
        # What is left are connections that say nothing: half a request, an idle client. Granian
        # would wait for them, so the main thread's wait for Granian is broken.
        self._leaving = True
        if self._main_thread is not None and hasattr(signal, "pthread_kill"):
            signal.pthread_kill(self._main_thread, signal.SIGTERM)
            if self._orders.take([END], CLEANUP_TIME):
                return
        os._exit(1)

    def _on_signal(self, number: int, frame: Any) -> None:
        if self._leaving and not self._ended:
            raise _Cut
        # The pipe has told it already, unless the application's loop.add_signal_handler() took its place.
        self._orders.give(STOP)


class _RSGITarget:
    """An RSGI application that says when its start-up is done."""

    def __init__(self, app: Any, on_ready: Any) -> None:
        self.__rsgi__ = app.__rsgi__ if hasattr(app, "__rsgi__") else app
        self._app, self._on_ready = app, on_ready

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        begin = getattr(self._app, "__rsgi_init__", None)
        if begin is not None:
            begin(loop)
        self._on_ready()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        end = getattr(self._app, "__rsgi_del__", None)
        if end is not None:
            end(loop)


def _with_state(app: Any, state: dict[str, Any]) -> Any:
    def with_state(scope: dict[str, Any], receive: Any, send: Any) -> Any:
        scope["state"] = state.copy()
        return app(scope, receive, send)

    return with_state


def _call_lifecycle(app: Any, name: str) -> None:
    hook = getattr(getattr(app, "lifecycle", None), name, None)
    if hook is None:
        return
    try:
        hook()
    except Exception as error:
        raise StartupFailed(describe(error)) from error


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


@contextlib.contextmanager
def _mended(granian: SimpleNamespace, stop_signal: Any) -> Iterator[None]:
    """Replace the two things Granian's worker function takes from its own modules."""
    signals, wsgi = granian.signals_module, granian.wsgi_module
    before = signals.set_sync_signals, signals.set_loop_signals, wsgi.os
    signals.set_sync_signals = lambda: stop_signal
    signals.set_loop_signals = lambda loop: stop_signal
    wsgi.os = SimpleNamespace(environ={})
    try:
        yield
    finally:
        signals.set_sync_signals, signals.set_loop_signals, wsgi.os = before


def _import_granian() -> SimpleNamespace:
    """The parts of Granian that are used, imported late: it is an extra, and heavy."""
    try:
        from granian import _signals as signals_module
        from granian import wsgi as wsgi_module
        from granian._granian import SocketHolder, WorkerSignal
        from granian.constants import Interfaces, SSLProtocols
        from granian.log import LogLevels
        from granian.server.mp import MPServer
    except ImportError as error:
        raise ServeError(
            f"The server Granian cannot be imported ({error}): install it with"
            " pip install 'demijohn[server]', or use another server (see the page on deployment)."
        ) from None
    return SimpleNamespace(
        signals_module=signals_module, wsgi_module=wsgi_module, SocketHolder=SocketHolder,
        WorkerSignal=WorkerSignal, Interfaces=Interfaces, SSLProtocols=SSLProtocols,
        LogLevels=LogLevels, MPServer=MPServer,
    )  # fmt: skip
