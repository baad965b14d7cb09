"""What mypy and pyright say of the samples that they read: each is started once, for all of them."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

import pytest
from tests.support.servers import ROOT

__all__ = ["CHECKERS", "READ_BY_CHECKERS", "complaints"]

#: The marks of a test that asks: one worker keeps what was found.
READ_BY_CHECKERS = [pytest.mark.slow, pytest.mark.xdist_group("typing")]
CHECKERS = {
    # Of names such as typed_sample.py there are several: their folders make them modules of different names.
    "mypy": [
        "mypy", "--strict", "--config-file=", "--explicit-package-bases", "--no-error-summary",
        f"--cache-dir={ROOT / '.mypy_cache' / 'samples'}",
    ],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}  # fmt: skip
SAMPLES = sorted([*ROOT.glob("tests/typing/samples/*.py"), *ROOT.glob("tests/ext/*/typed_*.py")])


@functools.cache
def _said_by(checker: str) -> str:
    places = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-m", *CHECKERS[checker], *(str(path) for path in SAMPLES)],
        cwd=ROOT, env={**os.environ, "MYPYPATH": places, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    # 1: something was found, at the least in the sample of wrong uses. Anything else is no run.
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def complaints(checker: str, sample: str) -> list[str]:
    """The lines that a checker prints about a sample.

    :param sample: Its path in the repository.
    """
    assert (ROOT / sample) in SAMPLES
    return [line for line in _said_by(checker).splitlines() if f"{sample}:" in line]
