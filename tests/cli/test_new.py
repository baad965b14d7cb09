"""``demijohn new``: what may be called how, and that what it writes runs, is tested, typed and clean, for any rooms."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import urllib.request

import pytest
from tests.support.checkers import CHECKERS, PROJECT, complaints
from tests.support.servers import ROOT, Server, free_port, stop_group, wait_until_ready

from demijohn.cli import cli
from demijohn.cli.new.project import ROOMS

ALL = ",".join(ROOMS)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def new(runner, folder):
    return lambda *arguments: runner.invoke(cli, ["new", *arguments])


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "would_do"),
    [
        ("test", "my-test"), ("json", "my-json"), ("JSON", "my-json"), ("flask", "my-flask"), ("class", "my-class"),
        ("../x", "x"), ("shops/mine", "shops-mine"), ("1shop", "my-1shop"), ("shop-", "shop"), ("_shop", "shop"),
        ("Über", "uber"), ("", "my-site"), ("wsgi", "my-wsgi"), ("tests", "my-tests"), ("build", "my-build"),
        ("my shop", "my-shop"), ("日本", "my-site"),
    ],
)  # fmt: skip
def test_a_name_that_would_not_do_is_refused_with_one_that_would(new, folder, name, would_do):
    result = new(name)
    assert result.exit_code == 2
    assert f"'{would_do}' would do" in result.output
    assert written(folder) == []
    assert new(would_do).exit_code == 0


def test_what_merely_can_be_imported_from_here_is_no_clash(new, folder):
    (folder / "shop.py").write_text("")
    assert new("my-shop").exit_code == 0
    assert new("shop").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("shop", "--with", "forms,nosuch"),
        ("shop", "--minimal", "--with", "forms"),
        ("full",),
        ("file",),
        (".",),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(new, folder, arguments):
    (folder / "full").mkdir()
    (folder / "full" / "mine").write_text("")
    (folder / "file").write_text("")
    result = new(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert written(folder) == ["file", "full/mine"]


def test_a_dot_is_the_present_folder_also_with_what_one_begins_with(new, folder, monkeypatch):
    here = folder / "my-shop"
    (here / ".git").mkdir(parents=True)
    (here / ".venv").mkdir()
    monkeypatch.chdir(here)
    assert new(".").exit_code == 0
    assert (here / "my_shop" / "__init__.py").is_file()


def test_minimal_is_at_most_sixty_lines(new, folder):
    assert new("shop", "--minimal").exit_code == 0
    files = ["README.md", "app.py", "pyproject.toml", "test_app.py"]
    assert written(folder / "shop") == files
    assert sum(len((folder / "shop" / file).read_text().splitlines()) for file in files) <= 60


def test_the_key_is_random_and_for_its_owner_only(new, folder):
    new("one")
    new("two")
    keys = [(folder / name / ".env").read_text().partition("_SECRET_KEY=")[2] for name in ("one", "two")]
    assert len(keys[0].strip()) >= 40
    assert keys[0] != keys[1]
    assert (folder / "one" / ".env").stat().st_mode & 0o077 == 0
    assert ".env\n" in (folder / "one" / ".gitignore").read_text()
    assert keys[0].strip() not in "".join(
        path.read_text() for path in (folder / "one").rglob("*") if path.is_file() and path.name != ".env"
    )


def test_no_text_is_left_to_fill_in(new, folder):
    new("my-shop", "--with", ALL)
    for path in (folder / "my-shop").rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert not any(mark in text for mark in ("[[ ", "[% ")), path


def run(folder, *command):
    """What a command of Python prints, in an environment in which this package can be imported."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def served(folder, app):
    """What ``/`` and ``/readyz`` answer over a socket."""
    port = free_port()
    log = folder.parent / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "demijohn", "--app", app, "run", "--port", str(port)], cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, start_new_session=True, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_until_ready(Server("demijohn", port, process, log), "/")
        return [urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").status for path in ("/", "/readyz")]
    finally:
        stop_group(process)


def expect_whole(folder, app="wsgi"):
    run(folder, "ruff", "check", ".")
    run(folder, "ruff", "format", "--check", ".")
    run(folder, "pytest", "-q", "-p", "no:cacheprovider")
    assert served(folder, app) == [200, 200]


@pytest.mark.slow
@pytest.mark.servers
def test_a_project_with_all_rooms_runs_and_is_clean(new, folder):
    assert new("my-shop", "--with", ALL).exit_code == 0
    made = folder / "my-shop"
    expect_whole(made)
    # The same Dockerfile as of `demijohn docker`, which asks the application.
    shown = run(made, "demijohn", "--app", "wsgi", "docker", "--print")
    assert f"# Dockerfile\n{(made / 'Dockerfile').read_text()}" in shown


@pytest.mark.slow
@pytest.mark.servers
def test_a_minimal_one_too(new, folder):
    assert new("shop", "--minimal").exit_code == 0
    expect_whole(folder / "shop", "app")


@pytest.mark.slow
@pytest.mark.xdist_group("typing")
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_project_with_all_rooms_is_typed(checker):
    assert complaints(checker, PROJECT) == []


SETS = [(), *itertools.combinations(ROOMS, 1), *itertools.combinations(ROOMS, 2)]


@pytest.mark.soak
@pytest.mark.xdist_group("new")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("rooms", SETS, ids="-".join)
def test_any_two_rooms_go_together(new, folder, rooms):
    name = "a-shop-with-a-name-that-is-longer-than-most" if len(rooms) == 1 else "my-shop"
    assert new(name, "--with", ",".join(rooms)).exit_code == 0
    expect_whole(folder / name)
    run(folder / name, "mypy", "--cache-dir", str(ROOT / ".mypy_cache" / "new"))
