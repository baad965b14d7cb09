"""Each page followed word for word, in an empty folder and an environment in which only its own line installed.

Files are written as they are shown, and commands typed as they are printed, in the order of the page. A page that
shows an application and starts none has it started here. Pages with the same line share an environment.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.sessions.server_side.conftest import RedisServer
from tests.support import pages
from tests.support.pages import Command

import listings

#: Commands of a checkout, which has tests of its own.
OF_A_CHECKOUT = ("./", "python3 -m venv", ". .venv")


def line_of(page: str) -> str:
    return next(command.line for command in pages.commands(page) if command.installs)


def grouped() -> list[object]:
    return [
        pytest.param(page, marks=pytest.mark.xdist_group(f"walk {line_of(page)}"))
        for page in sorted(pages.followed(), key=line_of)
    ]


@pytest.fixture(scope="session")
def find_links(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where pip finds this package as it is now, beside what it is set to."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "-w", folder, listings.ROOT], cwd=folder, check=True)
    found = subprocess.run([*pip, "config", "get", "global.find_links"], capture_output=True, text=True)
    return f"{folder} {found.stdout.strip()}"


@pytest.fixture(scope="session")
def environment_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def make(line: str) -> Path:
        if line not in made:
            made[line] = tmp_path_factory.mktemp("environment")
            venv.create(made[line], with_pip=True)
        return made[line]

    return make


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    server = RedisServer()
    server.start()
    yield server.url
    server.stop()


@pytest.mark.soak
@pytest.mark.parametrize("page", grouped())
def test_a_page_is_followed_word_for_word(page, find_links, environment_of, redis_url, tmp_path):
    variables = {"PIP_FIND_LINKS": find_links, "REDIS_URL": redis_url}
    with pages.walk(tmp_path / page, environment_of(line_of(page)), **variables) as walking:
        walking.environment["ISSUER"] = f"http://127.0.0.1:{walking.ports['5001']}"
        steps = pages.steps(page)
        for step in steps:
            if isinstance(step, Command) and step.line.startswith("export DEMIJOHN_TASKS_BROKER="):
                walking.environment["DEMIJOHN_TASKS_BROKER"] = redis_url
            elif not isinstance(step, Command) or not step.line.startswith(OF_A_CHECKOUT):
                walking.take(step)
        started = any(isinstance(step, Command) and step.stays for step in steps)
        if not started and "server" in line_of(page):
            for file in pages.files(page):
                if re.search(r"^from demijohn[\s\S]*^(app = Flask|def create_app)", file.text, re.MULTILINE):
                    walking.start(f"demijohn --app {file.name.removesuffix('.py')} run")
        assert "Traceback" not in walking.said()
