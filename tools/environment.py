"""Make the repository's own virtual environment, and keep it in step with pyproject.toml.

Used by `./check` and `./demo`. Standard library only: it runs on the interpreter of a fresh machine,
before anything is installed. It must not know what the environment is for.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A Python that PYTHON names has an environment of its own beside the usual one: .venv-3.14.
_NAMED = "-{}.{}".format(*sys.version_info) if os.environ.get("PYTHON") else ""
VENV = ROOT / f".venv{_NAMED}"
PYTHON = VENV / "bin" / "python"
PIP_WITH_GROUPS = "pip>=25.1"


class EnvironmentFailed(Exception):
    """The environment could not be made; the message says which step failed and shows its output."""


def extras() -> list[str]:
    """Names of all optional dependency sets that pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sorted(project.get("optional-dependencies", {}))


def ensure(purpose: str, *, extras: Sequence[str], groups: Sequence[str] = ()) -> str:
    """Install the package, editable, with `extras` and dependency `groups`; return what was done.

    A stamp per purpose holds a hash of pyproject.toml and of the interpreter, and what was installed, so a
    second call costs a few milliseconds, and so does one that wants no more than another purpose has.
    Raises EnvironmentFailed.
    """
    with _lock():
        made = _ensure_venv()
        stamp = VENV / f".stamp-{purpose}"
        wanted = _fingerprint(extras, groups)
        if any(_covers(found.read_text().split(), wanted) for found in VENV.glob(".stamp-*")):
            return "up to date"
        _run("upgrade pip", [str(PYTHON), "-m", "pip", "install", "-q", "--upgrade", PIP_WITH_GROUPS])
        target = f".[{','.join(extras)}]" if extras else "."
        command = [str(PYTHON), "-m", "pip", "install", "-q", "--upgrade", "-e", target]
        for group in groups:
            command += ["--group", group]
        _run("install the package and its tools", command)
        stamp.write_text("\n".join(wanted))
        return "made" if made else "brought up to date"


def _fingerprint(extras: Sequence[str], groups: Sequence[str]) -> list[str]:
    """A hash of what the environment depends on, then the names of what is in it."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    digest.update(str(ROOT).encode())
    return [digest.hexdigest(), *sorted(f"extra:{name}" for name in extras), *sorted(groups)]


def _covers(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether an environment with the stamp `found` has all that is wanted, from the same pyproject.toml."""
    return found[:1] == wanted[:1] and set(wanted) <= set(found)


def _ensure_venv() -> bool:
    """Make .venv unless a working one is there; say whether it was made."""
    if PYTHON.exists():
        works = subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False)
        if works.returncode == 0:
            return False
    _run("make .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    return True


def _run(step: str, command: list[str]) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        raise EnvironmentFailed(
            f"Could not {step}: {' '.join(command)} exited with {done.returncode}.\n"
            f"{done.stdout}{done.stderr}"
        )


@contextmanager
def _lock() -> Iterator[None]:
    """Keep a second ./check or ./demo waiting while the environment is being changed."""
    with (ROOT / "pyproject.toml").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
