"""The worker's side: choose the interface, serve, report, and leave with the supervisor.

Also what serves in the process that asked (``app.run()`` without a reloader), which is a worker
without a supervisor. This module must not know how an application is found: it is given a function.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from demijohn.devserver.assignment import Assignment
from demijohn.devserver.broken import broken_app
from demijohn.devserver.entries import has_async, is_ours
from demijohn.devserver.granian_server import CLEANUP_TIME, GranianServer
from demijohn.setup.lifespan import StartupFailed, describe
from demijohn.devserver.messages import running_lines, say, say_failure, user_traceback
from demijohn.devserver.options import DEFAULT_THREADS, ServeOptions
from demijohn.devserver.ports import AnyApplication, Loader
from demijohn.devserver.sockets import display_address, refuse
from demijohn.devserver.watch import watchable_modules
from demijohn.later import later

if TYPE_CHECKING:
    from demijohn import debugger
    from demijohn.debugger import advice, guard
else:
    debugger = later("demijohn.debugger")  # only for debug mode
    advice = later("demijohn.debugger.advice")  # likewise
    guard = later("demijohn.debugger.guard")  # likewise

#: Exit code of a worker that has printed why it cannot start.
CANNOT_START = 1


def choose_interface(app: AnyApplication, wanted: str) -> tuple[str, str]:
    """The interface to serve an application on, and the reason, to be shown.

    :param wanted: ``auto``, or the interface that was asked for.
    """
    if wanted == "rsgi":
        return wanted, "asked for; fields with a byte beyond ASCII are lost by it"
    if wanted != "auto":
        return wanted, "asked for"
    if has_async(app):
        return "asgi", "the application has async code"
    return "wsgi", "the application has no async code"


def serve_here(app: AnyApplication, sock: socket.socket, options: ServeOptions) -> None:
    """Serve in this process until SIGTERM or SIGINT.

    :raises StartupFailed: When a start-up hook failed.
    """
    interface, why = choose_interface(app, options.interface)
    options = _settle(app, options)
    server = GranianServer(app, interface, sock, options)
    facts = {"interface": interface, "why": why, "threads": _threads_shown(interface, options)} | _pin(
        options
    )

    def ready() -> None:
        for line in running_lines(facts, replace(options, workers=1), display_address(sock, options.scheme)):
            say(line)

    server.run(ready, lambda: refuse(sock, options))


def serve_assigned(assignment: Assignment, load: Loader) -> None:
    """Do a worker's work: load the application, serve it, end the process with the right code.

    :param load: Returns the application. What it raises ends the worker; under the reloader it is
        shown to whoever asks for a page, until a file changes.
    """
    options = assignment.serve_options
    lifeline = _Lifeline(assignment)
    try:
        app = load()
    except (Exception, SystemExit) as error:
        if options.reload:
            serve_broken(assignment, error)
            return
        end_with(error)
    options = _settle(app, options)
    interface, why = choose_interface(app, options.interface)
    facts = {"interface": interface, "why": why, "threads": _threads_shown(interface, options)} | _pin(
        options
    )
    server = GranianServer(app, interface, assignment.open_socket(), options)
    lifeline.server = server
    gc.collect()
    gc.freeze()  # what the import made stays: no collection need look at it again

    def ready() -> None:
        assignment.report_ready(**facts, **_watch_facts(options))

    try:
        server.run(ready, assignment.report_deaf)
    except StartupFailed as error:
        if options.reload:
            serve_broken(assignment, error.__cause__ or error)
            return
        say_failure(f"A start-up hook failed: {error}", error.__cause__)
        sys.exit(CANNOT_START)


def end_with(error: BaseException) -> NoReturn:
    """End this process because the application cannot be loaded, and say why."""
    if isinstance(error, (SystemExit, click.ClickException)):
        raise error
    say_failure(f"The application cannot be loaded: {describe(error)}", error)
    sys.exit(CANNOT_START)


def serve_broken(assignment: Assignment, error: BaseException) -> None:
    """Serve a page that shows ``error``, in the place of the application that raised it."""
    options = assignment.serve_options
    text = user_traceback(error)
    print(text, file=sys.stderr, flush=True)
    app = broken_app(None)
    if options.debug:
        app = broken_app(text, advice.advise(error), guard.Guard(options.debug_key).shows)
    server = GranianServer(
        app, "wsgi", assignment.open_socket(), replace(options, threads=4, access_log=False)
    )
    facts = {"interface": "wsgi", "why": "an error page, until the error is mended", "threads": 0} | _pin(
        options
    )
    watch = watchable_modules(_files_of(error)) if options.reload else {}
    server.run(lambda: assignment.report_ready(watch=watch, **facts), assignment.report_deaf)


def _watch_facts(options: ServeOptions) -> dict[str, Any]:
    return {"watch": watchable_modules()} if options.reload else {}


def _files_of(error: BaseException) -> list[str]:
    """The files an error went through: a module that failed to import is not in ``sys.modules``."""
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        files.append(error.filename)
    for inner in (error.__cause__, error.__context__):
        if inner is not None:
            files += _files_of(inner)
    return files


def _settle(app: AnyApplication, options: ServeOptions) -> ServeOptions:
    """Put the options that concern the application itself into it, and what it says of itself into them.

    ``--threads`` is also the size of the pool that runs sync views under ASGI and RSGI; in debug
    mode, errors are shown on the debugger's page; in production no more threads run than find a connection.
    """
    if not is_ours(app):
        return options
    if options.debug and options.debugger:
        whole: Any = app  # more of it than serving asks for
        debugger.install(whole, options.debug_key, options.is_local)
    if options.prod and options.threads is None:
        bounds = [most for most in (bound() for bound in app.thread_bounds) if most is not None]
        if bounds:
            options = replace(options, threads=max(1, min(DEFAULT_THREADS, *bounds)))
    if options.threads:
        app.config[f"{app.own_prefix}THREADS"] = options.threads
    options = replace(options, max_header_size=app.own_setting("MAX_HEADER_SIZE"))
    if options.access_log and app.config.get(f"{app.own_prefix}ACCESS_LOG") is None:
        app.config[f"{app.own_prefix}ACCESS_LOG"] = True
    return options


def _pin(options: ServeOptions) -> dict[str, Any]:
    """The PIN of the debugger, where there is one, for the terminal to show."""
    if not options.debug_key:
        return {}
    return {"pin": debugger.pin_of(options.debug_key, options.is_local) or "off"}


def _threads_shown(interface: str, options: ServeOptions) -> int:
    return (options.threads or DEFAULT_THREADS) if interface == "wsgi" else 0


class _Lifeline:
    """Notices that the supervisor is gone: drains when serving, ends at once when not yet."""

    def __init__(self, assignment: Assignment) -> None:
        self.server: GranianServer | None = None
        self._fd = assignment.lifeline_fd
        self._grace = assignment.serve_options.graceful_timeout
        threading.Thread(target=self._watch, name="demijohn-lifeline", daemon=True).start()

    def _watch(self) -> None:
        try:
            while os.read(self._fd, 1):
                # The supervisor's word that nobody has to hear of the end: others serve on, or somebody waits for it.
                if self.server is not None:
                    self.server.hurry()
        except OSError:
            pass
        if self.server is None:
            os._exit(CANNOT_START)
        say("The supervising process is gone: this worker stops too.")
        self.server.stop()
        # The others have heard the same by then, and nobody accepts any more.
        time.sleep(CLEANUP_TIME)
        refuse(self.server.sock, self.server.options)
        time.sleep(self._grace + 2 * CLEANUP_TIME)
        os._exit(CANNOT_START)
