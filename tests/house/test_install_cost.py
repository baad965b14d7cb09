"""Installing compatibility costs less than importing the application class does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = 7
AT_MOST = 0.5
FLASK = "from demijohn import Flask"
INSTALL = "import demijohn.compat; demijohn.compat.install()"


def processor_seconds(script: str, source_root: Path) -> float:
    """User and system time of a fresh interpreter, from its start to the end of a script."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DEMIJOHN"))
    }
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport time; print(time.process_time())"],
        env={**environ, "PYTHONPATH": str(source_root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def over_an_import_of_flask(script: str, source_root: Path, rounds: int = ROUNDS) -> float:
    """What a script costs, by what importing Flask costs, each without the interpreter.

    In turns, the least of several rounds: what else the machine does only adds to one. The first round writes
    bytecode.
    """
    costs = [
        [processor_seconds(one, source_root) for one in ("pass", FLASK, script)] for _ in range(rounds + 1)
    ]
    nothing, flask, own = map(min, zip(*costs[1:], strict=True))
    return (own - nothing) / (flask - nothing)


@pytest.mark.serial
def test_installing_takes_less_than_half_of_an_import(root):
    assert over_an_import_of_flask(INSTALL, root / "src") <= AT_MOST


@pytest.mark.serial
def test_an_install_that_imports_the_application_is_seen_to_take_more(root):
    assert over_an_import_of_flask(f"{FLASK}; Flask('hello')", root / "src", rounds=2) > AT_MOST
