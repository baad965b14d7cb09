"""The fixtures, as a project of one's own uses them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each runs a process of its own

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
import pytest
from demijohn import Flask

@pytest.fixture
def app():
    app = Flask("project")
    app.testing = True

    @app.route("/")
    def home():
        return "hello"

    return app
"""


@pytest.fixture
def project(tmp_path):
    """Run pytest in a fresh project with one test file; returns its output."""

    def run(text, *options, conftest=CONFTEST):
        (tmp_path / "conftest.py").write_text(conftest)
        (tmp_path / "test_it.py").write_text(text)
        # Ours is an entry point; two that are installed for other tests take seconds to load.
        plugin = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:schemathesis"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-v", *plugin, *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    return run


def test_client_runner_and_async_client_are_of_the_projects_app(project):
    out = project(
        "import asyncio\n"
        "def test_client(client, app):\n"
        "    assert client.application is app and client.get('/').text == 'hello'\n"
        "def test_runner(runner, app):\n"
        "    assert runner.app is app\n"
        "def test_async(async_client):\n"
        "    assert asyncio.run(async_client.get('/')).text == 'hello'\n"
    )
    assert "3 passed" in out, out


def test_protocols_repeats_what_uses_a_client(project):
    text = "def test_client(client):\n    assert client.get('/').text == 'hello'\ndef test_other(): pass\n"
    out = project(text, "--protocols", "all")
    assert "4 passed" in out, out
    for protocol in ("wsgi", "asgi", "rsgi"):
        assert f"test_client[{protocol}] PASSED" in out


def test_a_tests_own_choice_wins(project):
    text = (
        "import pytest\n@pytest.mark.parametrize('protocol', ['asgi'])\n"
        "def test_client(client):\n    assert client.protocol == 'asgi'\n"
    )
    assert "1 passed" in project(text, "--protocols", "all")


def test_an_unknown_protocol_is_refused_with_those_known(project):
    out = project("def test_client(client): pass\n", "--protocols", "http3")
    assert "unknown http3; known are wsgi, asgi, rsgi" in out


def test_a_projects_own_fixture_wins(project):
    own = CONFTEST + "\n@pytest.fixture\ndef client():\n    return 'mine'\n"
    assert "1 passed" in project("def test_client(client):\n    assert client == 'mine'\n", conftest=own)
