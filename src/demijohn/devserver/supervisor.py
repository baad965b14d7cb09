"""The process above the workers: starts, replaces, reloads and stops them.

It imports neither Granian nor the application, so that there is little in it that could fail, and
everything that happens is a call that comes to one thread through one queue: that workers serve, that
they ended, signals, changed files. A worker that dies is replaced; one that cannot start for the first time ends
the server with its exit code. SIGTERM and SIGINT drain and stop, SIGHUP replaces the workers one by
one without refusing a request, a changed file replaces the one worker of the reloader.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from demijohn.devserver.assignment import VARIABLE, Assignment
from demijohn.devserver.machine import resident_size
from demijohn.devserver.messages import running_lines, say
from demijohn.devserver.options import ServeOptions
from demijohn.devserver.orders import Orders
from demijohn.devserver.sockets import display_address, refuse
from demijohn.devserver.watch import Watcher

#: A worker that lives shorter than this many seconds died young; after so many in a row, give up.
YOUNG, PATIENCE = 5.0, 5

#: How long a worker may take beyond its grace time before it is killed; seconds.
MARGIN = 7.0

#: Between two looks at how large the workers are; seconds.
MEMORY_INTERVAL = 1.0

#: The grace time while developing: a reload must not wait for an endless response.
RELOAD_GRACE = 2.0


class Worker:
    """One worker process and what is known of it."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int) -> None:
        self.process, self.lifeline = process, lifeline
        self.born, self.born_at = time.monotonic(), time.time()
        self.ready = False
        #: Accepts no more connections.
        self.deaf = False
        #: Was found within the bound of memory once; was beyond it when it was new.
        self.measured = self.too_large = False
        #: Told to stop; its end is expected.
        self.retiring = False
        #: The worker it is started in place of, which goes when this one is ready.
        self.replaces: Worker | None = None


class Supervisor:
    """Runs workers until told to stop.

    :param program: What a worker runs: ``{"script": path}`` or ``{"module": name}``.
    :param argv: Its ``sys.argv``.
    :param sock: The listening socket they share.
    """

    def __init__(
        self, program: dict[str, str], argv: list[str], sock: socket.socket, options: ServeOptions
    ) -> None:  # fmt: skip
        self.program, self.argv, self.sock, self.options = program, argv, sock, options
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._workers: list[Worker] = []
        self._to_replace: list[Worker] = []
        self._stopping = self._announced = self._told_findings = False
        self._young_deaths = 0
        self._name = f"{os.getpid()}-{os.urandom(6).hex()}"
        self._exit_code = 0
        self._has_terminal = any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
        self._watcher = Watcher(
            lambda path: self._events.put(partial(self._on_changed, path)),
            options.extra_files,
            options.exclude_patterns,
        )
        self._grace = (
            min(options.graceful_timeout, RELOAD_GRACE) if options.reload else options.graceful_timeout
        )

    def run(self) -> int:
        """Serve; returns the exit code when all workers are gone."""
        signals = [s for s in (getattr(signal, n, None) for n in ("SIGTERM", "SIGINT", "SIGHUP")) if s]
        orders = Orders()
        threading.Thread(target=self._pass_signals, args=(orders, signals), daemon=True).start()
        with orders.of_signals(signals):
            self._run()
        return self._exit_code

    def _pass_signals(self, orders: Orders, signals: list[int]) -> None:
        while True:
            number = orders.take(signals)
            if number is not None:
                self._events.put(partial(self._on_signal, number))

    def _run(self) -> None:
        try:
            if self.options.reload:
                self._watcher.watch([], [], time.time())
            if self.options.max_rss is not None:
                self._later(MEMORY_INTERVAL, self._on_memory)
            for _ in range(self.options.workers):
                self._spawn()
            while self._workers or not self._stopping:
                self._events.get()()
        finally:
            self._watcher.stop()
            for worker in self._workers:
                worker.process.kill()  # only reached by an error of our own: leave nobody behind

    # ------------------------------------------------------------------- events

    def _on_ready(self, worker: Worker, facts: dict[str, Any]) -> None:
        worker.ready = True
        if not self._announced:
            self._announced = True
            for line in running_lines(facts, self.options, display_address(self.sock, self.options.scheme)):
                say(line)
        if self.options.reload:
            self._watcher.watch(**facts["watch"], since=worker.born_at)
        if worker.replaces is not None:
            self._retire(worker.replaces)
            worker.replaces = None

    def _on_exit(self, worker: Worker, code: int) -> None:
        os.close(worker.lifeline)
        self._workers.remove(worker)
        if worker.retiring or self._stopping:
            self._after_retirement(worker)
        elif self.options.reload:
            # Ended by itself, without a page to show why: what it printed must do.
            say(f"The application's process ended ({_describe(code)}); waiting for a file to change.")
            self._watch_something(worker.born_at)
        elif worker.replaces is not None:
            say(f"A new worker could not start ({_describe(code)}): the old ones stay.")
            self._to_replace.clear()
        elif not worker.ready and not self._announced:
            # It has said why. Nothing served yet, so a supervisor of the system should see it fail.
            self._exit_code = code if code > 0 else 1
            self._stop()
        else:
            self._replace_dead(worker, code)

    def _after_retirement(self, worker: Worker) -> None:
        if self._stopping:
            return
        if self.options.reload:
            self._spawn()
        elif self._to_replace:
            self._spawn(replaces=self._to_replace.pop(0))

    def _replace_dead(self, worker: Worker, code: int) -> None:
        self._young_deaths = self._young_deaths + 1 if time.monotonic() - worker.born < YOUNG else 0
        if self._young_deaths >= PATIENCE:
            say(f"{PATIENCE} workers in a row died within {YOUNG:g} s of their start: giving up.")
            self._exit_code = 1
            self._stop()
            return
        say(f"Worker {worker.process.pid} died ({_describe(code)}): starting another.")
        delay = 0.0 if self._young_deaths < 2 else 0.2 * 2**self._young_deaths
        self._later(delay, self._on_vacancy)

    def _on_vacancy(self) -> None:
        if not self._stopping:
            self._spawn()

    def _on_signal(self, number: int) -> None:
        if (
            number == getattr(signal, "SIGHUP", None)
            and not self.options.reload
            and not self._terminal_is_gone()
        ):
            say("Replacing the workers one by one.")
            self._to_replace = [worker for worker in self._workers if not worker.retiring]
            if self._to_replace and not self._stopping:
                self._spawn(replaces=self._to_replace.pop(0))
            return
        if self._stopping:
            for worker in self._workers:
                worker.process.kill()  # asked twice
            return
        self._stop(at_once=number != signal.SIGTERM)

    def _on_memory(self) -> None:
        """Replace a worker that has grown past the bound: one at a time, and the new one serves before it goes."""
        if self._stopping:
            return
        self._later(MEMORY_INTERVAL, self._on_memory)
        most = (self.options.max_rss or 0) * 1024 * 1024
        if any(worker.replaces is not None or worker.retiring for worker in self._workers):
            return
        for worker in self._workers:
            if not worker.ready or worker.too_large:
                continue
            size = resident_size(worker.process.pid)
            if size <= most:
                worker.measured = True
                continue
            text = f"Worker {worker.process.pid} has {size >> 20} MB, and --max-rss is {self.options.max_rss}"
            if not worker.measured:
                worker.too_large = True
                say(f"{text}: that is less than a new one needs, so it stays.")
                continue
            say(f"{text}: replacing it.")
            self._spawn(replaces=worker)
            return

    def _terminal_is_gone(self) -> bool:
        """SIGHUP also comes when the terminal is closed; then nobody is there to end the server."""
        if not self._has_terminal:
            return False
        try:
            os.close(os.open("/dev/tty", os.O_RDWR))
        except OSError:
            return True
        return False

    def _on_changed(self, path: str) -> None:
        if self._stopping or any(worker.retiring for worker in self._workers):
            return
        say(f"Detected change in '{os.path.relpath(path)}', reloading")
        for worker in self._workers:
            self._retire(worker)
        if not self._workers:
            self._spawn()

    def _on_late(self, worker: Worker) -> None:
        if worker in self._workers:
            say(f"Worker {worker.process.pid} does not stop: killing it.")
            worker.process.kill()

    # ------------------------------------------------------------------ actions

    def _spawn(self, replaces: Worker | None = None) -> None:
        report_read, report_write = os.pipe()
        lifeline_read, lifeline_write = os.pipe()
        options = {**self.options.to_dict(), "graceful_timeout": self._grace}
        options["tells_findings"] = self.options.prod and not self._told_findings
        self._told_findings = True
        fds = (self.sock.fileno(), report_write, lifeline_read)
        assignment = Assignment(*fds, options=options, program=self.program, argv=self.argv)
        # By the second they know one another, for what they have in common.
        environment = {**os.environ, VARIABLE: assignment.dump(), "DEMIJOHN_SERVER": self._name}
        if self.options.reload:
            environment["WERKZEUG_RUN_MAIN"] = "true"
        # As multiprocessing does: a worker of `python -X dev` is one too. Typeshed does not know the function.
        command = [sys.executable, *subprocess._args_from_interpreter_flags()]  # type: ignore[attr-defined]
        command += ["-m", "demijohn.devserver.rerun"]
        process = subprocess.Popen(command, env=environment, pass_fds=fds)
        os.close(report_write)
        os.close(lifeline_read)
        worker = Worker(process, lifeline_write)
        worker.replaces = replaces
        self._workers.append(worker)
        threading.Thread(target=self._follow, args=(worker, report_read), daemon=True).start()

    def _follow(self, worker: Worker, report_fd: int) -> None:
        """In a thread of its own: pass on that a worker serves, and its end."""
        with open(report_fd, encoding="utf-8") as reports:
            for line in reports:
                facts = json.loads(line)
                told = (
                    partial(self._on_deaf, worker)
                    if facts.get("deaf")
                    else partial(self._on_ready, worker, facts)
                )
                self._events.put(told)
        self._events.put(partial(self._on_exit, worker, worker.process.wait()))

    def _retire(self, worker: Worker, at_once: bool = True) -> None:
        """Tell a worker to stop.

        :param at_once: Others serve on, or somebody waits: nobody has to hear of it first.
        """
        if worker.retiring:
            return
        worker.retiring = True
        if at_once and self.options.drain:
            with contextlib.suppress(OSError):  # it has ended
                os.write(worker.lifeline, b".")
        worker.process.terminate()
        drain = 0.0 if at_once else self.options.drain
        self._later(drain + self._grace + MARGIN, partial(self._on_late, worker))

    def _stop(self, at_once: bool = True) -> None:
        self._stopping = True
        if self.options.drain and not at_once:
            say(f"Not ready any more; requests are taken for {self.options.drain:g} s yet.")
        for worker in self._workers:
            self._retire(worker, at_once)

    def _on_deaf(self, worker: Worker) -> None:
        """A worker accepts no more. When the last of them has said so, nobody may be left waiting in the queue."""
        worker.deaf = True
        if self._stopping and all(one.deaf or not one.ready for one in self._workers):
            refuse(self.sock, self.options)

    def _later(self, delay: float, event: Callable[[], None]) -> None:
        timer = threading.Timer(delay, self._events.put, [event])
        timer.daemon = True
        timer.start()

    def _watch_something(self, since: float) -> None:
        """When no worker has said what to watch: the directory of the program, or the current one."""
        script = self.program.get("script")
        place = os.path.dirname(os.path.abspath(script)) if script else os.getcwd()
        self._watcher.watch([], [place], since)


def _describe(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
