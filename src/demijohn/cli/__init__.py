"""The ``demijohn`` command and what applications build their own commands from.

The public names are those of ``flask.cli``. Importing this package imports Click; the rest of
:mod:`demijohn` does not import it, and an extension that only registers commands needs no more than
:mod:`demijohn.setup.commands`.
"""

from __future__ import annotations

from demijohn.devserver.environment import load_dotenv, show_server_banner
from demijohn.cli.check import check_command
from demijohn.cli.completion import completion_command
from demijohn.cli.doctor import doctor_command
from demijohn.cli.group import FlaskGroup, cli, main
from demijohn.cli.loading import (
    NoAppException,
    ScriptInfo,
    find_app_by_string,
    find_best_app,
    locate_app,
    pass_script_info,
    prepare_import,
)
from demijohn.cli.params import CertParamType, SeparatedPathType
from demijohn.cli.routes import routes_command
from demijohn.cli.run import run_command
from demijohn.cli.shell import shell_command
from demijohn.cli.version import get_version, version_option
from demijohn.setup.commands import AppGroup, with_appcontext
from demijohn.setup.envvars import get_debug_flag, get_load_dotenv

__all__ = [
    "AppGroup",
    "CertParamType",
    "FlaskGroup",
    "NoAppException",
    "ScriptInfo",
    "SeparatedPathType",
    "check_command",
    "cli",
    "completion_command",
    "doctor_command",
    "find_app_by_string",
    "find_best_app",
    "get_debug_flag",
    "get_load_dotenv",
    "get_version",
    "load_dotenv",
    "locate_app",
    "main",
    "pass_script_info",
    "prepare_import",
    "routes_command",
    "run_command",
    "shell_command",
    "show_server_banner",
    "version_option",
    "with_appcontext",
]
