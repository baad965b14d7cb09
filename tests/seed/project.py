"""A sample with a database, in a folder of its own, and its commands as a reader would type them.

Each runs twice: for `demijohn` with the names of its rooms, and with the names that are printed (`flask`,
`flask_sqlalchemy`, `flask_migrate`, `flask_restful`) through the compatibility aliases, where the command is `flask`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.seed.conftest import SAMPLES
from tests.support.servers import ROOT

#: Our names, and those that are printed.
PRINTED = {
    "demijohn.ext.database": "flask_sqlalchemy",
    "demijohn.ext.migrations": "flask_migrate",
    "demijohn.ext.rest": "flask_restful",
    "demijohn.ext.forms": "flask_wtf",
    "demijohn.ext.i18n": "flask_babel",
    "from demijohn import": "from flask import",
}
COMMANDS = {
    "demijohn": ["-m", "demijohn"],
    "flask": ["-m", "demijohn.compat", "-m", "flask"],
}
names = pytest.mark.parametrize("command", COMMANDS)
marks = [pytest.mark.slow, pytest.mark.servers, pytest.mark.xdist_group("seed")]


class Project:
    """A folder with the sample as `topic.py`; `command` is `demijohn` or `flask`."""

    def __init__(self, folder: Path, sample: str, command: str) -> None:
        self.folder = folder
        text = (SAMPLES / f"{sample}.py").read_text()
        if command == "flask":
            for ours, printed in PRINTED.items():
                text = text.replace(ours, printed)
            assert "demijohn" not in text
        self.python = COMMANDS[command]
        (folder / "topic.py").write_text(text)

    def run(self, *arguments: str) -> str:
        """Run `demijohn ...` or `flask ...`; gives what it wrote."""
        return self._python(*self.python, "--app", "topic", *arguments)

    def run_file(self, text: str) -> str:
        """Run a program beside the sample."""
        (self.folder / "program.py").write_text(text)
        return self._python(*self.python[:-2], "program.py")

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "DEMIJOHN_"))},
                "PYTHONPATH": str(ROOT / "src"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def change(self, old: str, new: str) -> None:
        """Change the sample, as a developer would."""
        file = self.folder / "topic.py"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """What the database says, without the package."""
        import sqlite3

        connection = sqlite3.connect(self.folder / "instance" / "topic.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def columns(self, table: str) -> list[object]:
        """The names of a table's columns; none when there is no such table."""
        return [row[1] for row in self.query(f"PRAGMA table_info({table})")]
