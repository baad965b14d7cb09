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


def test_await_at_the_top_level_runs_in_the_applications_context(runner, app):
    output = shell(
        runner,
        app,
        "import asyncio",
        "from demijohn import current_app",
        "x = await asyncio.sleep(0, current_app.name)",
        "print('it is', x)",
        "await asyncio.sleep(0, 40 + 2)",
        "async def three(): return 3",
        "",
        "[await three() for _ in range(2)]",
    )
    assert "it is the_app" in output
    assert "42" in output
    assert "[3, 3]" in output


def test_an_error_in_what_is_awaited_is_shown_and_the_shell_goes_on(runner, app):
    output = shell(runner, app, "import asyncio", "await asyncio.sleep('x')", "print('still', 'here')")
    assert "still here" in output
