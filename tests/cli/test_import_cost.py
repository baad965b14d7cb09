"""What importing the framework does not import."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_framework_imports_neither_the_command_line_nor_click():
    code = "import sys, demijohn; demijohn.Flask; print([m for m in ('click', 'demijohn.cli') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_supervisor_imports_neither_granian_nor_the_framework_class():
    code = "import sys, demijohn.cli; print([m for m in ('granian', 'demijohn.app') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
