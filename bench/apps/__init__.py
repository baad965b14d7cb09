"""One file per framework, each serving the same paths.

Every module offers `ANSWERS`, the names of the cases it can serve, and `make(kind)`, which returns the
application for a kind of case (see bench/cases.py). An app is written as that framework's users would
write it: its own request, response, form, session and template API, no private shortcuts.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

TEMPLATES = str(Path(__file__).parent.parent / "templates")
STATIC = str(Path(__file__).parent.parent / "static")
UNLIMITED = 1 << 40  # for the upload that is read bit by bit
CHUNK = 64 * 1024  # what a view that reads a body bit by bit asks for at a time
SECRET = "a benchmark's secret, long enough for anybody's taste"  # noqa: S105 - signs nothing real
VISITS = count(1)  # what a session writes: never the same twice, as with many visitors
