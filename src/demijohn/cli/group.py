"""The command group that finds an application and offers its commands.

The built-in commands and those of plugins (entry points ``demijohn.commands`` and
``flask.commands``) are there even when the application cannot be loaded; then the reason is
printed once and the rest of the help still shows.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import click
from click.core import ParameterSource

from demijohn.devserver.assignment import current_assignment
from demijohn.devserver.environment import has_dotenv, load_dotenv
from demijohn.cli.check import check_command
from demijohn.cli.completion import completion_command
from demijohn.cli.docker.command import docker_command
from demijohn.cli.doctor import doctor_command
from demijohn.cli.loading import NoAppException, ScriptInfo
from demijohn.cli.mounted import mounted_commands
from demijohn.cli.new.command import new_command
from demijohn.cli.routes import routes_command
from demijohn.cli.run import run_command
from demijohn.cli.shell import shell_command
from demijohn.cli.static import static_command
from demijohn.cli.version import version_option
from demijohn.setup.commands import AppGroup
from demijohn.contexts.context import current
from demijohn.setup.envvars import set_debug_flag

#: Commands that Flask has not, and an application may have had before this package did: its own goes first.
_LATER_COMMANDS = (
    check_command, completion_command, docker_command, doctor_command, new_command, static_command,
)  # fmt: skip

_PLUGIN_GROUPS = ("flask.commands", "demijohn.commands")


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> bool | None:
    # A value nobody gave must not hide what the environment says.
    source = ctx.get_parameter_source(param.name or "")
    if source in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    # In the environment rather than on the application, so that a factory can read it.
    set_debug_flag(value)
    return value


def _load_env_file(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not has_dotenv():
        raise click.BadParameter(
            'python-dotenv must be installed to load an env file: pip install "demijohn[dotenv]".', ctx, param
        )
    defaults = ctx.ensure_object(ScriptInfo).load_dotenv_defaults
    if value is not None or defaults:
        load_dotenv(value, load_defaults=defaults)
    return value


# Eager, as is --help, so that the application's commands are listed: --app must come before it.
app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    envvar="DEMIJOHN_APP",
    is_eager=True,
    expose_value=False,
    callback=_set_app,
    help=(
        "The application or factory to load, as 'module:name': a dotted module or a file path, and the"
        " name of a variable, or of a function with its arguments in parentheses."
    ),
)

debug_option = click.Option(
    ["--debug/--no-debug"],
    envvar="DEMIJOHN_DEBUG",
    expose_value=False,
    callback=_set_debug,
    help="Set debug mode.",
)

env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    envvar="DEMIJOHN_ENV_FILE",
    is_eager=True,
    expose_value=False,
    callback=_load_env_file,
    help=(
        "Load environment variables from this file, taking precedence over '.env' and '.flaskenv'."
        " Variables that are set already win over all files. Needs python-dotenv."
    ),
)


# The same option on the command itself: `demijohn run --debug`.
run_command.params.insert(0, debug_option)


class FlaskGroup(AppGroup):
    """A command group that offers the commands of an application beside its own.

    The ``demijohn`` command is one. A project makes its own to have a management script that needs
    no ``--app``: ``@click.group(cls=FlaskGroup, create_app=create_app)``.

    :param add_default_commands: Whether to add ``run``, ``shell``, ``routes`` and the other built-in ones.
    :param create_app: A function that makes the application, in place of looking for it.
    :param add_version_option: Whether to add ``--version``.
    :param load_dotenv: Whether to load ``.env`` and ``.flaskenv``.
    :param set_debug_flag: Whether to put the environment's debug setting on the application.
    :param extra: What :class:`click.Group` takes.
    """

    def __init__(
        self, add_default_commands: bool = True, create_app: Callable[..., Any] | None = None,
        add_version_option: bool = True, load_dotenv: bool = True, set_debug_flag: bool = True, **extra: Any,
    ) -> None:  # fmt: skip
        params = [*(extra.pop("params", None) or ())]
        # As options with callbacks, so that a project's own group callback keeps them. The order
        # counts: the files are read before the name of the application is.
        params += [env_file_option, app_option, debug_option]
        if add_version_option:
            params.append(version_option)
        settings = extra.pop("context_settings", None) or {}
        settings.setdefault("auto_envvar_prefix", "FLASK")
        super().__init__(params=params, context_settings=settings, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._plugins_loaded = False
        if add_default_commands:
            for command in (run_command, shell_command, routes_command, *_LATER_COMMANDS):
                self.add_command(command)

    def _load_plugin_commands(self) -> None:
        if self._plugins_loaded:
            return
        self._plugins_loaded = True
        for group in _PLUGIN_GROUPS:
            for point in entry_points(group=group):
                self.add_command(point.load(), point.name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A built-in or plugin command, else the application's, with its context pushed."""
        own = super().get_command(ctx, cmd_name)
        if own is None:
            # After the built-in ones, whose options may say what plugins get when they import Flask.
            self._load_plugin_commands()
            own = super().get_command(ctx, cmd_name)
        yields = own in _LATER_COMMANDS
        if own is not None and not yields:
            return own
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except Exception as error:
            if yields:
                return own  # which says why
            if not isinstance(error, NoAppException):
                raise
            _complain(f"Error: {error.format_message()}\n")
            return None
        if yields and app.cli.get_command(ctx, cmd_name) is None:
            return own
        active = current.get(None)
        if active is None or active.app is not app:
            # Here rather than around the command, so that callbacks of its parameters have it too.
            ctx.with_resource(app.app_context())
        found: click.Command | None = app.cli.get_command(ctx, cmd_name)
        return mounted_commands(app, cmd_name) if found is None else found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted; an application that cannot be loaded is reported, not raised."""
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
            names.update(app.cli.list_commands(ctx))
            names.update(name for name in app.mounts if mounted_commands(app, name) is not None)
        except NoAppException as error:
            _complain(f"Error: {error.format_message()}\n")
        except Exception:
            _complain(f"{traceback.format_exc()}\n")
        return sorted(names)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As Click's, with a :class:`ScriptInfo`, and ``app.run()`` told to do nothing."""
        # Without a __main__ guard, importing the application would start a server and hang here.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if not ("obj" in extra or "obj" in self.context_settings):
            found_by = ScriptInfo(None, self.create_app, self.set_debug_flag, self.load_dotenv)
            extra["obj"] = found_by
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As Click's, with --env-file and --app read first when only the help will be shown."""
        only_help = len(args) == 1 and args[0] in self.get_help_option_names(ctx)
        if only_help or (not args and self.no_args_is_help):
            # Given in the environment they would not be read before the help lists the commands.
            for option in (env_file_option, app_option):
                option.handle_parse_result(ctx, {}, [])
        return super().parse_args(ctx, args)


def _complain(text: str) -> None:
    click.secho(text, err=True, fg="red")


cli = FlaskGroup(
    name="demijohn",
    help="""\
Runs and manages Demijohn and Flask applications.

The application is named with the '--app' option, with the 'DEMIJOHN_APP' or 'FLASK_APP' environment
variable, or found in a 'wsgi.py' or 'app.py' file in the current directory.
""",
)


def main() -> None:
    """The ``demijohn`` command, without what its entry adds (:mod:`demijohn.__main__`)."""
    # Its workers run it as a module; their messages are to name the command that was typed.
    cli.main(prog_name="demijohn" if current_assignment() else None)
