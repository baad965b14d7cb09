"""The contract file holds the floors of docs/design.md and fails what breaks them."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest


def floors(root: Path) -> list[list[str]]:
    """The module names of each floor in the contract file, top floor first."""
    contracts = configparser.ConfigParser()
    contracts.read(root / ".importlinter")
    lines = contracts["importlinter:contract:floors"]["layers"].strip().splitlines()
    return [re.findall(r"\w+", line) for line in lines]


def test_every_module_of_the_package_is_on_the_design_page(root):
    page = (root / "docs" / "design.md").read_text()
    names = {
        path.stem
        for path in (root / "src" / "demijohn").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and not path.stem.startswith("__")
    }
    missing = {name for name in names if not re.search(rf"\b{name}(\.py|/|\b)", page)}
    assert not missing, f"give these modules a floor in docs/design.md: {sorted(missing)}"


@pytest.fixture
def skeleton(root, tmp_path):
    """A package with every floor's modules, all empty, under the repository's own contracts."""
    package = tmp_path / "demijohn"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in (name for floor in floors(root) for name in floor):
        (package / name).mkdir()
        (package / name / "__init__.py").write_text("")
    for room in ("database", "migrations", "login"):
        (package / "ext" / room).mkdir()
        (package / "ext" / room / "__init__.py").write_text("")
    (tmp_path / ".importlinter").write_text((root / ".importlinter").read_text())
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("app", "from demijohn import setup, dispatch, cli, typing"),
        ("ext/migrations", "from demijohn import Flask\nfrom demijohn.ext import database"),
        ("ext/login", "from demijohn.cli import AppGroup"),
    ],
)
def test_the_contracts_accept_imports_that_go_down(skeleton, module, text):
    (skeleton / "demijohn" / module / "__init__.py").write_text(text)
    done = lint(skeleton)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("http", "from demijohn import app"),
        ("dispatch", "import demijohn.adapters"),
        ("helpers", "from demijohn import compat"),
        ("sessions", "from demijohn import templating"),
        ("brand_new", ""),
        ("ext/login", "from demijohn.ext import database"),
        ("ext/database", "from demijohn.ext import migrations"),
        ("ext/login", "from demijohn.dispatch import run"),
        ("ext/brand_new", "from demijohn.ext import login"),
    ],
    ids=lambda value: value or "unplaced",
)
def test_the_contracts_refuse_what_goes_up_or_has_no_floor(skeleton, module, text):
    path = skeleton / "demijohn" / module
    path.mkdir(exist_ok=True)
    (path / "__init__.py").write_text(text)
    done = lint(skeleton)
    assert done.returncode == 1, done.stdout
