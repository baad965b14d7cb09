"""A Click runner, and an environment without the settings of whoever runs the tests."""

from __future__ import annotations

import os
import sys
import textwrap

import pytest
from click.testing import CliRunner


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """No setting of ours or Flask's before, and none left after: commands set some."""
    names = [name for name in os.environ if name.startswith(("FLASK_", "DEMIJOHN_", "WERKZEUG_"))]
    for name in {*names, "FLASK_RUN_FROM_CLI", "FLASK_DEBUG"}:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def runner():
    return CliRunner()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that writes a file into the current directory, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)

    def write(name, source=""):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source), encoding="utf-8")
        return file

    yield write
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
