"""Run in a process of its own: uses of this package where libraries are missing, and the error of each as JSON.

python without_libraries.py '{"missing": ["alembic"], "uses": {"migrations": "import demijohn.ext.migrations"}}'
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings


class Hiding:
    """A finder of the import system that does not find some modules, as if they were not installed."""

    def __init__(self, finder: object, missing: list[str]) -> None:
        self.finder = finder
        self.missing = frozenset(missing)

    def __getattr__(self, name: str) -> object:
        return getattr(self.finder, name)

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        """What the finder finds, and nothing of what is missing."""
        return None if name.partition(".")[0] in self.missing else self.finder.find_spec(name, path, target)


def outcome(code: str) -> list[str]:
    """The classes and the text of what a piece of code raises, or prints when it ends the process; else nothing."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            exec(code, {"__name__": "use"})
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return [" ".join(kinds), f"{error}{printed.getvalue()}"]
    return []


order = json.loads(sys.argv[1])
warnings.simplefilter("ignore")
sys.meta_path[:] = [Hiding(finder, order["missing"]) for finder in sys.meta_path]
print(json.dumps({name: outcome(code) for name, code in order["uses"].items()}))
