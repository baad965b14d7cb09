"""`./check` on the Python that PYTHON names, and on no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def ask(root, *command, **variables):
    usual = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=root / "tools", env={**usual, **variables}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.strip(), done.stderr


def test_the_python_that_is_named_is_the_one_that_is_found(root):
    assert ask(root, "sh", "find-python", PYTHON=sys.executable) == (0, sys.executable, "")


def test_one_that_cannot_be_used_is_an_error_and_no_other_is_taken(root, tmp_path):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    code, found, message = ask(root, "sh", "find-python", PYTHON=str(old))
    assert (code, found) == (1, "")
    assert "PYTHON names the interpreter to take" in message


def test_it_has_an_environment_of_its_own(root):
    tell = "import environment; print(environment.VENV)"
    named = ".venv-{}.{}".format(*sys.version_info)
    assert Path(ask(root, sys.executable, "-c", tell, PYTHON=sys.executable)[1]).name == named
    assert Path(ask(root, sys.executable, "-c", tell)[1]).name == ".venv"
