"""Run the application's commands in a test, without a process."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result

from demijohn.cli import ScriptInfo


class FlaskCliRunner(CliRunner):
    """Click's runner for the commands of `app`; ``app.test_cli_runner()`` makes one."""

    def __init__(self, app: Any, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: Any = None, args: Any = None, **kwargs: Any
    ) -> Result:
        """Run the command `cli` (the application's whole group if not given) with the arguments `args`.

        The command gets a `ScriptInfo` that loads this application as its context object, unless ``obj`` is
        given. The rest is that of `click.testing.CliRunner.invoke`.
        """
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
