"""``demijohn shell``."""

from __future__ import annotations

import pytest

from demijohn import Flask
from demijohn.cli import FlaskGroup


@pytest.fixture
def app():
    return Flask("the_app")


def shell(runner, app, *lines):
    result = runner.invoke(FlaskGroup("t", create_app=lambda: app), ["shell"], input="\n".join(lines) + "\n")
    assert result.exit_code == 0, result.output
    return result.output


def test_the_application_is_current_and_named(runner, app):
    output = shell(runner, app, "from demijohn import current_app", "print('is', current_app.name, app.name)")
    assert "App: the_app" in output
    assert "is the_app the_app" in output


def test_shell_context_processors_add_names(runner, app):
    app.shell_context_processor(lambda: {"bottle": "red"})
    assert "a red one" in shell(runner, app, "print(f'a {bottle} one')")


def test_the_startup_file_runs_first_and_the_context_wins(runner, app, tmp_path, monkeypatch):
    startup = tmp_path / "startup.py"
    startup.write_text("app = 'from the file'\nextra = 'file'")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    assert "file the_app" in shell(runner, app, "print(extra, app.name)")
