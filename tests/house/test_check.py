"""`./check`: tests that fail beside others and pass alone are named, and fail the run where all must be steady."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

import check

UNSTEADY = """
from pathlib import Path

def test_the_second_time():
    seen = Path("seen")
    before, _ = seen.exists(), seen.touch()
    assert before
"""


def no_tools():
    return None


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check, "PYTHON", sys.executable)
    monkeypatch.delenv("CHECK_STEADY", raising=False)
    (tmp_path / "pytest.ini").touch()
    # Of all plugins that are installed here, only what the command uses: the others take seconds to load.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p xdist")
    return check.Stage("tests", check.pytest(workers=0), alone=True, limit=60)


@pytest.mark.slow
def test_one_that_passes_alone_is_named_in_the_last_line(stage, tmp_path):
    (tmp_path / "test_it.py").write_text(UNSTEADY)
    results = check.run_all([stage], no_tools)
    assert all(result.ok for result in results)
    assert check.verdict(results, 1.0) == (
        "check: 2 stages, all passed, 1 s; UNSTEADY, to be mended: test_it.py::test_the_second_time"
    )


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_where_all_must_be_steady_it_must_be_known_with_its_reason(stage, tmp_path, monkeypatch, known):
    (tmp_path / "test_it.py").write_text(UNSTEADY)
    monkeypatch.setenv("CHECK_STEADY", "true")
    if known:
        monkeypatch.setitem(check.KNOWN_UNSTEADY, "test_it.py::test_the_second_time", "it looks twice")
    results = check.run_all([stage], no_tools)
    assert all(result.ok for result in results) is known
    assert "test_it.py::test_the_second_time" in check.verdict(results, 1.0)


@pytest.mark.slow
def test_one_that_fails_alone_too_fails(stage, tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert False\n")
    results = check.run_all([stage], no_tools)
    assert not all(result.ok for result in results)
    assert check.verdict(results, 1.0) == "check: 2 stages, failed: tests, tests again, 1 s"


@pytest.mark.slow
def test_a_stage_that_takes_too_long_says_what_has_failed_so_far(stage, tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import time\n\ndef test_it():\n    assert False\n\ndef test_long():\n    time.sleep(60)\n"
    )
    result = check.run(replace(stage, limit=8))
    assert not result.ok
    assert "FAILED test_it.py::test_it" in result.output
    assert "ran longer than 8 seconds" in result.output


@pytest.mark.slow
def test_the_tests_of_a_group_run_in_one_worker(stage, tmp_path):
    """They share a server, a browser or a database, and would each start their own."""
    (tmp_path / "test_it.py").write_text(
        "import os, pytest\n\n"
        "@pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('number', range(9))\n"
        "def test_it(number):\n"
        "    print('ran in', os.environ['PYTEST_XDIST_WORKER'])\n"
    )
    result = check.run(replace(stage, command=check.pytest("-rP", workers=3)))
    assert result.ok
    assert len(set(re.findall(r"ran in (\w+)", result.output))) == 1
