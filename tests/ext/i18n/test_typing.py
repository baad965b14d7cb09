"""What type checkers make of texts, lazy texts, locales, dates and numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = str(Path(__file__).with_name("typed_sample.py"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["mypy", "--strict", "--config-file="], ["pyright"]], ids=lambda one: one[0]
)
def test_the_public_names_have_their_types(command):
    env = {**os.environ, "MYPYPATH": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command, SAMPLE],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
