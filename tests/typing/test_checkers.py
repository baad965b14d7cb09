"""Type checkers see the public names as users need them: an application typed strictly passes both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).with_name("samples")


def run(*command: str) -> str:
    """What a checker complains about; the empty string when it is content."""
    env = {**os.environ, "MYPYPATH": str(ROOT / "src"), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.slow
def test_an_application_typed_strictly_passes_mypy():
    """Every `assert_type` of the sample holds, and nothing it calls returns `Any` unawares."""
    assert run("mypy", "--strict", "--config-file=", str(SAMPLES / "views.py")) == ""


@pytest.mark.slow
def test_an_application_typed_strictly_passes_pyright():
    assert run("pyright", str(SAMPLES / "views.py")) == ""


@pytest.mark.slow
def test_a_wrong_use_is_found_by_both():
    """The checkers do look: what `wrong.py` does wrong in each line is reported."""
    for checker in (("mypy", "--strict", "--config-file="), ("pyright",)):
        told = run(*checker, str(SAMPLES / "wrong.py"))
        for number, line in enumerate((SAMPLES / "wrong.py").read_text().splitlines(), 1):
            if "# wrong" in line:
                assert f"wrong.py:{number}:" in told, f"{checker[0]} lets line {number} pass: {line}"
