"""Serving an application: what ``app.run()`` and ``demijohn run`` do.

Granian is underneath, in development and in production. Which processes there are:

* ``app.run()`` without the reloader serves in the calling process: the script has an application
  object, not a name that another process could import, and code after ``app.run()`` runs when it ends.
* ``app.run()`` with the reloader makes the script's process the supervisor. Its worker is a new
  Python that runs the same script again, with a marker in its environment, until it comes to
  ``app.run()`` and serves there. As with Werkzeug's reloader, what the script does before that is done
  in both; ``is_running_from_reloader()`` tells them apart.
* ``demijohn run`` is always a supervisor, which never imports the application, and one worker or
  more; so a worker that dies is replaced, and a reload refuses no connection.

The supervisor binds the socket once and all workers inherit it. Forking a process that has loaded
the application was rejected: threads and connections made at import do not survive a fork. On a
platform without inheritable descriptors (Windows) the server runs in one process.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import click

from demijohn.devserver.assignment import current_assignment
from demijohn.devserver.environment import is_running_from_reloader, load_dotenv, show_server_banner
from demijohn.setup.lifespan import StartupFailed
from demijohn.devserver.messages import say, say_failure
from demijohn.devserver.options import ServeError, ServeOptions, remote_debug_allowed
from demijohn.devserver.ports import Application, Loader
from demijohn.devserver.sockets import handed_over, listen, release
from demijohn.devserver.supervisor import Supervisor
from demijohn.devserver.tls import AdhocCertificate, Certificate, certificate_files, is_ssl_context
from demijohn.devserver.worker import end_with, serve_assigned, serve_here
from demijohn.setup.envvars import get_debug_flag, get_load_dotenv, read_setting

if TYPE_CHECKING:
    import socket
    from ssl import SSLContext

__all__ = [
    "ServeError",
    "ServeOptions",
    "current_assignment",
    "is_running_from_reloader",
    "program_of_main",
    "run_app",
    "serve",
    "serve_program",
    "show_server_banner",
]

_IGNORED_RUN = (
    " * Ignoring a call to 'app.run()' that would block the current 'demijohn' CLI command.\n"
    "   Only call 'app.run()' in an 'if __name__ == \"__main__\"' guard."
)


def run_app(
    app: Application, host: str | None = None, port: int | None = None, debug: bool | None = None,
    **options: Any,
) -> None:  # fmt: skip
    """What ``app.run()`` does; its parameters and their defaults are Flask's.

    :param host: Defaults to the host in ``SERVER_NAME``, else 127.0.0.1.
    :param port: Defaults to the port in ``SERVER_NAME``, else 5000; 0 lets the system choose.
    :param debug: Wins over ``app.debug`` and the environment.
    :param options: ``load_dotenv``, ``use_reloader``, ``use_debugger``, ``threaded``, ``ssl_context``,
        ``extra_files``, ``exclude_patterns``; and ours: ``interface``, ``threads``, ``uds``,
        ``graceful_timeout``, ``access_log``, ``allow_remote_debug``.
    :raises SystemExit: When it cannot start, with the reason printed.
    """
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        if not is_running_from_reloader():
            click.secho(_IGNORED_RUN, fg="red")
        return
    if get_load_dotenv(options.pop("load_dotenv", True)):
        load_dotenv()
        if read_setting("DEBUG") is not None:
            app.debug = get_debug_flag()
    if debug is not None:
        app.debug = bool(debug)
    host, port = _address(app, host, port)
    options.setdefault("use_reloader", app.debug)
    show_server_banner(app.debug, app.name)
    serve(app, host, port, **options)


def _address(app: Application, host: str | None, port: int | None) -> tuple[str, int]:
    named_host, _, named_port = str(app.config.get("SERVER_NAME") or "").partition(":")
    chosen = port if port is not None else (named_port or 5000)
    return host or named_host or "127.0.0.1", int(chosen)


def serve(
    app: Application, host: str = "127.0.0.1", port: int = 5000, *, use_reloader: bool = False,
    ssl_context: Certificate = None, threaded: bool = True, use_debugger: bool | None = None, **options: Any,
) -> None:  # fmt: skip
    """Serve an application object until the process is told to stop.

    It blocks. In a thread that is not the main one it serves without handling signals.

    :param use_reloader: Run the script again in a new process whenever a source file changes.
    :param ssl_context: A pair of file names, ``"adhoc"``, or an ``ssl.SSLContext``.
    :param threaded: False handles one request at a time.
    :param options: Those of :func:`run_app`.
    :raises SystemExit: When it cannot start, with the reason printed.
    """
    assignment = current_assignment()
    if assignment is not None:
        serve_assigned(assignment, lambda: app)
        sys.exit(0)  # what follows app.run() is for the process that the user started
    if is_ssl_context(ssl_context):
        _serve_with_werkzeug(app, host, port, use_reloader, ssl_context, threaded, options)
        return
    try:
        wanted, made = _options_of(app, host, port, use_reloader, ssl_context, threaded, options)
        wanted = replace(wanted, debugger=wanted.debug if use_debugger is None else use_debugger)
        try:
            _serve(lambda: app, wanted, program_of_main() if wanted.reload else None)
        finally:
            if made is not None:
                made.remove()
    except ServeError as error:
        print(f"Error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def _options_of(
    app: Application, host: str, port: int, reload: bool, cert: Certificate, threaded: bool,
    options: dict[str, Any],
) -> tuple[ServeOptions, AdhocCertificate | None]:  # fmt: skip
    debug = bool(app.debug)
    files, made = certificate_files(cert, host)
    threads = options.pop("threads", None) or (None if threaded else 1)
    allowed = options.pop("allow_remote_debug", False) or remote_debug_allowed()
    allowed = allowed or not app.policy.local_debugger
    access_log = options.pop("access_log", None)
    for name in ("extra_files", "exclude_patterns"):
        options[name] = tuple(options.get(name) or ())
    unknown = sorted(
        options.keys() - {"extra_files", "exclude_patterns", "interface", "uds", "graceful_timeout"}
    )
    for name in unknown:
        say(f"app.run() ignores {name}={options.pop(name)!r}: it is an option of Werkzeug's server.")
    wanted = ServeOptions(
        host=host, port=port, reload=reload, debug=debug, cert=files, threads=threads,
        access_log=debug if access_log is None else access_log, allow_remote_debug=allowed, **options,
    )  # fmt: skip
    return wanted, made


def _serve_with_werkzeug(
    app: Application, host: str, port: int, reload: bool, context: SSLContext, threaded: bool,
    options: dict[str, Any],
) -> None:  # fmt: skip
    # Imported here: heavy, and only for what Granian cannot do, use a TLS context that exists only in memory.
    from werkzeug.serving import run_simple

    say("An SSLContext cannot be handed to Granian: serving with Werkzeug's development server, on WSGI.")
    known = {name: options[name] for name in ("extra_files", "exclude_patterns") if options.get(name)}
    run_simple(host, port, app, use_reloader=reload, ssl_context=context, threaded=threaded, **known)


def serve_program(
    load: Loader, options: ServeOptions, program: dict[str, str], argv: list[str]
) -> int:  # fmt: skip
    """Serve as ``demijohn run`` does: this process supervises, workers run ``program`` again.

    :param load: Returns the application; called only in a worker, or where there can be none.
    :return: The exit code.
    :raises ServeError: When it cannot start.
    """
    assignment = current_assignment()
    if assignment is not None:
        serve_assigned(assignment, load)
        return 0
    return _serve(load, options, (program, argv))


def _serve(load: Loader, options: ServeOptions, program: tuple[dict[str, str], list[str]] | None) -> int:
    given, options = handed_over(options)
    options.check()
    if options.debug and options.debugger:
        options = replace(options, debug_key=token_hex(32))
    in_main_thread = threading.current_thread() is threading.main_thread()
    if options.reload and (program is None or not in_main_thread):
        say("The reloader needs a script or module to run again, from its main thread: serving without it.")
    sock = given or _listen(options, load)
    try:
        if program is not None and in_main_thread and os.name == "posix":
            return Supervisor(*program, sock, options).run()
        serve_here(load(), sock, replace(options, reload=False, workers=1))
    except StartupFailed as error:
        say_failure(f"A start-up hook failed: {error}", error.__cause__)
        sys.exit(1)
    finally:
        release(sock, options)
    return 0


def _listen(options: ServeOptions, load: Loader) -> socket.socket:
    """The listening socket; where there can be none, an application that cannot be loaded is told of first.

    Otherwise only workers load it: whoever mended the port would be told of it at the next try.

    :raises ServeError: When the place is taken, forbidden or unknown.
    """
    try:
        return listen(options)
    except ServeError as error:
        in_the_way = error
    try:
        load()
    except (Exception, SystemExit) as error:
        end_with(error)
    raise in_the_way


def program_of_main() -> tuple[dict[str, str], list[str]] | None:
    """What was started to come here, so that it can be started again; None in a console or notebook.

    It is what Python was started with: launchers rewrite ``sys.argv``, and what is ``__main__`` by now may have
    been run by another program (``python -m demijohn.compat script.py``), without which it would not run.
    """
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if file is None or not (spec or os.path.isfile(file)):
        return None
    kind, arguments = _command_line(sys.orig_argv[1:])
    if kind == "m":
        return {"module": arguments[0]}, arguments
    if kind == "script":
        # Python has made the path of its own script absolute, by the folder it was started in.
        script = file if os.path.basename(file) == os.path.basename(arguments[0]) else arguments[0]
        return {"script": os.path.abspath(script)}, arguments
    # Python is embedded in another program, or "-c" started this one.
    if spec is not None and spec.name:
        return {"module": spec.name.removesuffix(".__main__")}, list(sys.argv)
    return {"script": os.path.abspath(file)}, list(sys.argv)


def _command_line(arguments: list[str]) -> tuple[str, list[str]]:
    """What Python's own arguments name: ``"m"`` or ``"script"``, and what follows; ``""`` for anything else."""
    at = 0
    while at < len(arguments):
        argument, at = arguments[at], at + 1
        if argument == "--check-hash-based-pycs":
            at += 1
        elif argument == "-" or (argument == "--" and at == len(arguments)):
            return "", []
        elif argument == "--":
            return "script", arguments[at:]
        elif not argument.startswith("-"):
            return "script", arguments[at - 1 :]
        elif not argument.startswith("--"):
            # Letters may be written together, and one that takes a value ends them: "-Im module", "-Xdev".
            option = re.search("[cmWX]", argument)
            if option is None:
                continue
            value = argument[option.end() :]
            rest = [value, *arguments[at:]] if value else arguments[at:]
            if option.group() in "cm":
                return (option.group(), rest) if rest else ("", [])
            at += not value
    return "", []
