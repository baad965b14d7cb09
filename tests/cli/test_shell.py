"""``demijohn shell``."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time

import pytest
from tests.support.servers import ROOT

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


SHOP = """
from demijohn import Flask

app = Flask(__name__)

async def bottles():
    return "bottle " * 2

@app.shell_context_processor
def names():
    return {"bottles": bottles}
"""


def typed(terminal, line, awaited, patience=60):
    """What a terminal shows after a line was typed, until it shows what is awaited."""
    os.write(terminal, line.encode())
    shown, end = "", time.monotonic() + patience
    while awaited not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # it has ended
                break
            if "\x1b[6n" in shown:  # where the cursor is, which a terminal answers
                shown = shown.replace("\x1b[6n", "")
                os.write(terminal, b"\x1b[1;1R")
            shown = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown)  # colours and movements
    return shown


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["ptpython", "IPython", "plain"])
def test_each_shell_takes_await_in_a_terminal(project, tmp_path, shell):
    project("shop.py", SHOP)
    if shell == "IPython":
        project("hidden/ptpython/__init__.py", "raise ImportError")
    environment = os.environ | {
        "HOME": str(tmp_path), "TERM": "xterm", "DEMIJOHN_SHELL_PLAIN": str(int(shell == "plain")),
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "hidden"), str(ROOT / "src")]), "PYTHON_HISTORY": os.devnull,
    }  # fmt: skip
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "demijohn", "--app", "shop", "shell"], environment)
    try:
        begins = {"ptpython": "Menu", "IPython": "In [1]", "plain": ">>>"}
        assert begins[shell] in typed(terminal, "", begins[shell])
        assert "bottle bottle" in typed(terminal, "await bottles()\r", "bottle bottle")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
