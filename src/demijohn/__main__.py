"""The ``demijohn`` command, also as ``python -m demijohn``: the command line and what compatibility adds to it.

It stands above both: :mod:`demijohn.cli` does not know that there is compatibility, and an application that has
a command of its own says itself when it wants it.
"""

from __future__ import annotations

import os

import click

from demijohn import cli
from demijohn.compat import LEVELS, install_from_environment

__all__ = ["main"]


def _set_compat(ctx: click.Context, param: click.Parameter, value: str | bool | None) -> None:
    """Let ``flask`` resolve to this package, in this process and those it starts."""
    if not value and value != "" and not os.environ.get("DEMIJOHN_COMPAT"):
        return
    os.environ.setdefault("DEMIJOHN_COMPAT", LEVELS[0])
    if isinstance(value, str) and value:
        ctx.ensure_object(cli.ScriptInfo).app_import_path = value
    install_from_environment()


_compat_option = click.Option(
    ["--compat"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_compat,
    help="Run code written for Flask: 'flask' is demijohn. Also DEMIJOHN_COMPAT.",
)

# The same on the command itself: `demijohn run --compat module:app`.
_run_option = click.Option(
    ["--compat"],
    is_flag=False,
    flag_value="",
    metavar="[IMPORT]",
    is_eager=True,
    expose_value=False,
    callback=_set_compat,
    help="Run an application written for Flask: 'flask' is demijohn. May name the application.",
)


def main() -> None:
    """The ``demijohn`` command."""
    for command, option in ((cli.cli, _compat_option), (cli.run_command, _run_option)):
        if option not in command.params:
            # First, because it is to be read before plugins and applications import Flask.
            command.params.insert(0, option)
    cli.main()


if __name__ == "__main__":
    main()
