"""What is built from the repository is what users should get: small, typed, and working by itself."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("package")]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, root, cwd=folder)
    [built] = folder.glob("demijohn-*.whl")
    return built


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory) -> Path:
    """The interpreter of an environment in which only the wheel was installed, without extras."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", wheel, cwd=folder)
    return python


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    outside = {name for name in names if not re.match(r"demijohn/|demijohn-[\d.]+\.dist-info/", name)}
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "src/demijohn", cwd=root)
    assert outside == set()
    assert {name.removeprefix("src/") for name in listed.split()} <= names
    assert "demijohn/py.typed" in names


def test_the_core_brings_only_what_every_application_needs(fresh, root):
    frozen = run(fresh, "-m", "pip", "freeze", cwd=fresh.parent).lower()
    installed = {re.split(r"[ =@]", line)[0] for line in frozen.splitlines()}
    declared = {re.match(r"[\w-]+", need).group() for need in project(root)["dependencies"]}
    assert installed == declared | {"demijohn", "markupsafe"}


def test_an_application_runs_on_the_core_alone(fresh, tmp_path):
    program = """
from demijohn import Flask
app = Flask("hello")
app.get("/")(lambda: "Hello, World!")
answer = app.test_client().get("/")
assert (answer.status_code, answer.text) == (200, "Hello, World!")
"""
    run(fresh, "-W", "error", "-c", program, cwd=tmp_path)


def test_the_command_is_installed_and_tells_the_version(fresh, root, tmp_path):
    assert project(root)["version"] in run(fresh.with_name("demijohn"), "--version", cwd=tmp_path)


def test_running_without_the_server_extra_says_what_to_install(fresh, tmp_path):
    (tmp_path / "hello.py").write_text("from demijohn import Flask\napp = Flask(__name__)\n")
    command = [str(fresh.with_name("demijohn")), "--app", "hello", "run", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "demijohn[server]" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
