"""What mypy and pyright say of the samples that they read: each is started once, for all of them."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

import pytest
from tests.support.servers import ROOT

from demijohn.cli.new.project import ROOMS, whole, write

__all__ = ["CHECKERS", "PROJECT", "READ_BY_CHECKERS", "complaints"]

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
#: Of a project that `demijohn new` writes, its package: always in one place, so that mypy remembers it.
PROJECT = ".mypy_cache/project/my_shop"
SAMPLES = sorted([*ROOT.glob("tests/typing/samples/*.py"), *ROOT.glob("tests/ext/*/typed_*.py")])


@functools.cache
def _said_by(checker: str) -> str:
    project = ROOT / PROJECT
    write(project.parent, whole("my-shop", ROOMS))
    places = os.pathsep.join([str(project.parent), str(ROOT), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-m", *CHECKERS[checker], *(str(path) for path in SAMPLES), str(project)],
        cwd=ROOT, env={**os.environ, "MYPYPATH": places, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    # 1: something was found, at the least in the sample of wrong uses. Anything else is no run.
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def complaints(checker: str, sample: str) -> list[str]:
    """The lines that a checker prints about a sample.

    :param sample: Its path in the repository, or :data:`PROJECT` for all that is in that.
    """
    assert sample == PROJECT or (ROOT / sample) in SAMPLES
    return [
        line
        for line in _said_by(checker).splitlines()
        if f"{sample}{'/' if sample == PROJECT else ':'}" in line
    ]
