"""What type checkers infer: rows of a select are of the model's class, and so on (typed_*.py)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("typing")]  # one cache of mypy's for all

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def check(*command: str) -> None:
    """Run a type checker on what follows it; fails with what it found."""
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("sample", ["typed_sample.py", "typed_silenced.py"])
def test_mypy_infers_the_classes_of_models(sample):
    check(
        "mypy", "--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache' / 'typed'}",
        "--no-error-summary", str(HERE / sample),
    )  # fmt: skip


@pytest.mark.parametrize("sample", ["typed_sample.py", "typed_model_attribute.py"])
def test_pyright_infers_the_classes_of_models(tmp_path, sample):
    settings = {
        "include": [str(HERE / sample)], "extraPaths": [str(ROOT / "src")], "typeCheckingMode": "strict",
        "reportMissingTypeStubs": False, "reportUnknownMemberType": False, "reportPrivateUsage": False,
    }  # fmt: skip
    path = tmp_path / "pyrightconfig.json"
    path.write_text(json.dumps(settings))
    check("pyright", "-p", str(path), "--pythonpath", sys.executable)
