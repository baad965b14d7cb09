"""Topics 1 and 6: a whole application in one file, without any integration."""

from __future__ import annotations

import subprocess
import sys

from tests.support.servers import ROOT

SAMPLE = "topic_01_microframework"


def test_the_smallest_application_answers(visit):
    assert visit.get("/").text == "A whole application"


def test_it_imports_no_integration():
    """Components are chosen by the developer: none is loaded before it is asked for."""
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT / 'src')!r}, {str(ROOT / 'tests/seed/samples')!r}]\n"
        f"import {SAMPLE}\n"
        "print(sorted(n for n in sys.modules if n.startswith(('demijohn.ext', 'sqlalchemy', 'wtforms'))))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
