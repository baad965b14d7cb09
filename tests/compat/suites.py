"""Other people's test suites: fetched as source distributions, run in a process of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = Path(__file__).parent / "plugins"


def fetch(requirement: str, cache: Path) -> Path:
    """The unpacked source distribution of `name==version`, from the cache or by pip."""
    name, _, version = requirement.partition("==")
    folder = cache / f"{name}-{version}"
    if not folder.is_dir():
        download = cache / "downloads" / folder.name
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name]
        subprocess.run([*command, "--dest", str(download), requirement], check=True, timeout=300)
        (archive,) = download.glob("*.tar.gz")
        unpacked = Path(tempfile.mkdtemp(dir=cache))
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, filter="data")
        (top,) = unpacked.iterdir()
        try:
            top.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another worker was first
                raise
        shutil.rmtree(unpacked)
    return folder


def copy(source: Path, target: Path, *names: str) -> Path:
    """A scratch copy of some files and folders, without the package's own code."""
    target.mkdir(parents=True)
    for name in names:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        elif (source / name).exists():
            shutil.copy2(source / name, target / name)
    return target


def environment(**extra: str) -> dict[str, str]:
    """The environment for a process that imports this package from the source tree."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "DEMIJOHN_", "PYTEST_", "COV_"))
    }
    paths = os.pathsep.join([str(ROOT / "src"), str(PLUGINS)])
    return {**kept, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **extra}


def run(
    folder: Path, *arguments: str, python: str = sys.executable, timeout: float = 600, **variables: str
) -> tuple[dict[str, str], str]:
    """Run pytest in a folder: each test's outcome by its name, and what was printed."""
    report = folder / "report.xml"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=timeout
    )
    output = done.stdout + done.stderr
    if not report.exists():
        raise AssertionError(f"pytest did not come to a report:\n{output}")
    return outcomes(report), output


def loading(plugins: Iterable[str]) -> list[str]:
    """The arguments that have pytest load plugins."""
    return [argument for plugin in plugins for argument in ("-p", plugin)]


def outcomes(report: Path) -> dict[str, str]:
    """`passed`, `failed`, `error` or `skipped` for each test of a JUnit report."""
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        kind = next((kind for kind in ("failure", "error", "skipped") if kind in kinds), "passed")
        found[name] = {"failure": "failed"}.get(kind, kind)
    return found


def named(found: dict[str, str], *kinds: str) -> set[str]:
    """The names of the tests with one of these outcomes."""
    return {name for name, outcome in found.items() if outcome in kinds}
