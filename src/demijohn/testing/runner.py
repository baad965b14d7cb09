"""Run the application's commands in a test, without a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.testing import CliRunner, Result

from demijohn.cli import ScriptInfo
from demijohn.testing.ports import Application

__all__ = ["FlaskCliRunner"]


class FlaskCliRunner(CliRunner):
    """Click's runner for the commands of an application; ``app.test_cli_runner()`` makes one.

    :param app: The application.
    :param kwargs: What :class:`click.testing.CliRunner` takes.
    """

    def __init__(self, app: Application, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(
        self,
        cli: click.Command | None = None,
        args: str | Sequence[str] | None = None,
        *more: Any,
        **kwargs: Any,
    ) -> Result:
        """Run a command, which gets a :class:`~demijohn.cli.ScriptInfo` that loads this application.

        :param cli: The command; the application's whole group if not given.
        :param args: The arguments, as a list or as a line.
        :param more: As :meth:`click.testing.CliRunner.invoke` takes it, as ``kwargs`` are; ``obj`` replaces the
            object that the command gets.
        """
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(self.app.cli if cli is None else cli, args, *more, **kwargs)
