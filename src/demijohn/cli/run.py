"""``demijohn run``: serve the application with Granian."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from demijohn.cli.check import findings
from demijohn.cli.loading import ScriptInfo, is_application, pass_script_info
from demijohn.cli.params import CertParamType, SeparatedPathType, validate_key
from demijohn.devserver import ServeError, ServeOptions, current_assignment, program_of_main, serve_program
from demijohn.devserver.environment import show_server_banner
from demijohn.devserver.machine import usable_cores
from demijohn.devserver.messages import say
from demijohn.devserver.options import INTERFACES, remote_debug_allowed
from demijohn.devserver.tls import certificate_files
from demijohn.setup.envvars import get_debug_flag

_PATHS_HELP = "separated as in PATH."


@click.command("run", short_help="Serve the application.")
@click.option("--host", "-h", default="127.0.0.1", show_default=True, help="The address to bind to.")
@click.option(
    "--port", "-p", default=5000, show_default=True, help="The port to bind to; 0 takes a free one."
)
@click.option(
    "--uds", type=click.Path(dir_okay=False), help="Bind to this Unix socket, not to host and port."
)
@click.option("--workers", "-w", default=1, show_default=True, help="How many processes serve.")
@click.option("--threads", type=int, help="Threads of each worker that run sync code.  [default: 32]")
@click.option(
    "--interface",
    type=click.Choice(INTERFACES),
    default="auto",
    show_default=True,
    help="The protocol between server and application; auto takes ASGI when there is async code, else WSGI.",
)
@click.option("--cert", type=CertParamType(), is_eager=True, help="Certificate file for HTTPS, or 'adhoc'.")
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=validate_key,
    expose_value=False,
    help="Key file of the certificate.",
)
@click.option(
    "--reload/--no-reload", default=None, help="Restart on source changes; as debug mode by default."
)
@click.option(
    "--debugger/--no-debugger", default=None, help="Detailed error pages; as debug mode by default."
)
@click.option("--with-threads/--without-threads", default=True, help="Without: one request at a time.")
@click.option("--extra-files", type=SeparatedPathType(), help=f"More files to restart for, {_PATHS_HELP}")
@click.option(
    "--exclude-patterns", type=SeparatedPathType(), help=f"Files never to restart for, {_PATHS_HELP}"
)
@click.option(
    "--graceful-timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long requests in flight may take to finish after SIGTERM.",
)
@click.option(
    "--access-log/--no-access-log",
    default=None,
    help="A line per request; as debug mode or --prod by default.",
)
@click.option(
    "--prod",
    is_flag=True,
    help="For production: a worker for each core (or WEB_CONCURRENCY), the port of PORT, an access log, --drain 5.",
)
@click.option(
    "--drain",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="After SIGTERM, say for so long that it is not ready, and serve.  [default: 5 with --prod, else 0]",
)
@click.option(
    "--max-rss",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Replace a worker that has grown past this size.",
)
@pass_script_info
def run_command(info: ScriptInfo, /, **params: Any) -> None:
    """Serve the application, in production or in development.

    With --debug it restarts when source files change and shows errors in the page. Without, it
    is fit for production: SIGTERM finishes requests in flight, SIGHUP replaces the workers. With --prod it takes
    the place of production's usual settings, too.
    """
    assignment = current_assignment()
    if assignment is not None:
        # A worker: its options were checked by the supervisor and come with the assignment.
        load = _telling(info.load_app) if assignment.serve_options.tells_findings else info.load_app
        sys.exit(serve_program(load, ServeOptions(), {}, []))
    if params["prod"]:
        _for_production(params, click.get_current_context())
    debug = get_debug_flag()
    made = None
    try:
        files, made = certificate_files(params["cert"], params["host"])
        options = _options(params, debug, files)
        options.check()
        show_server_banner(debug, info.app_import_path)
        program, argv = _program(info)
        sys.exit(serve_program(info.load_app, options, program, argv))
    except ServeError as error:
        raise click.ClickException(str(error)) from None
    finally:
        if made is not None:
            made.remove()


for _parameter in run_command.params:
    # Beside FLASK_RUN_..., which Click derives from the group's prefix.
    _parameter.envvar = f"DEMIJOHN_RUN_{(_parameter.name or '').upper()}"


def _options(params: dict[str, Any], debug: bool, cert: tuple[str, str] | None) -> ServeOptions:
    def or_debug(name: str) -> bool:
        return debug if params[name] is None else bool(params[name])

    return ServeOptions(
        host=params["host"],
        port=params["port"],
        uds=params["uds"],
        interface=params["interface"],
        workers=params["workers"],
        threads=1 if params["threads"] is None and not params["with_threads"] else params["threads"],
        reload=or_debug("reload"),
        debug=debug,
        debugger=or_debug("debugger"),
        cert=cert,
        extra_files=tuple(params["extra_files"] or ()),
        exclude_patterns=tuple(params["exclude_patterns"] or ()),
        graceful_timeout=params["graceful_timeout"],
        access_log=or_debug("access_log"),
        allow_remote_debug=remote_debug_allowed(),
        prod=params["prod"],
        drain=params["drain"] or 0.0,
        max_rss=params["max_rss"],
    )


def _for_production(params: dict[str, Any], ctx: click.Context) -> None:
    """Fill in what was not given, as production wants it.

    :raises ClickException: for a number in the environment that is none.
    """

    def from_environment(option: str, variable: str, default: int | None) -> None:
        if ctx.get_parameter_source(option) is not ParameterSource.DEFAULT:
            return
        given = os.environ.get(variable)
        if given:
            if not given.isdecimal():
                raise click.ClickException(f"{variable} is {given!r}, which is no number.")
            params[option] = int(given)
        elif default is not None:
            params[option] = default

    from_environment("port", "PORT", None)
    from_environment("workers", "WEB_CONCURRENCY", usable_cores())
    if params["access_log"] is None:
        params["access_log"] = True
    if params["drain"] is None:
        params["drain"] = 5.0


def _telling(load: Callable[[], Any]) -> Callable[[], Any]:
    """The same, and what ``demijohn check --deploy`` finds is told of."""

    def load_and_tell() -> Any:
        app = load()
        if is_application(app):
            with app.app_context():
                for finding in findings(app):
                    say(f"check: {finding.level}: {finding.id}: {finding.what} {finding.mend}")
        return app

    return load_and_tell


def _program(info: ScriptInfo) -> tuple[dict[str, str], list[str]]:
    """What a worker runs: this command again, or the script whose factory only it knows."""
    if info.create_app is not None:
        found = program_of_main()
        if found is not None:
            return found
    argv = ["demijohn"]
    if info.app_import_path:
        argv += ["--app", info.app_import_path]
    return {"module": "demijohn"}, [*argv, "run"]
