"""What the tests about the repository itself share: its root, and its source files parsed once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def repository_files() -> list[Path]:
    """Every file git tracks, or would track: ignored files are nobody's business."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="session")
def repository_texts(repository_files: list[Path]) -> dict[str, str]:
    """Name below the root -> text, for every file that is text and ours: what is vendored stays as it is."""
    texts = {}
    for path in repository_files:
        if "vendor" in path.parts:
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            texts[path.relative_to(ROOT).as_posix()] = data.decode("utf-8", "replace")
    return texts
