"""The examples on docs/testing.md pass, as one test file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import listings

ROOT = Path(__file__).resolve().parents[2]


def test_every_example_on_the_page_passes(tmp_path):
    page = listings.without_listings((ROOT / "docs/testing.md").read_text())
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    tests = sum(block.count("\ndef test_") + block.startswith("def test_") for block in blocks)
    assert tests > 8
    assert done.returncode == 0, done.stdout


@pytest.mark.browser
def test_the_example_passes_with_nothing_but_its_setting(tmp_path):
    shutil.copytree(ROOT / "docs/examples/testing", tmp_path / "shop")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path / "shop",
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "5 passed" in done.stdout, done.stdout
