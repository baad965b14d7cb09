"""The installed distribution ``flask``, as ``importlib.metadata`` sees it.

COMPAT: Flask-RESTX and Flask-DebugToolbar read ``importlib.metadata.version("flask")``, OpenTelemetry
looks whether the version it supports is installed. Flask need not be installed, and where it is, its
version is not the one whose behaviour is given here. This module must not know anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from types import ModuleType
from typing import Any

#: The release of Flask whose behaviour is given.
VERSION = "3.1.3"

_METADATA = f"""\
Metadata-Version: 2.4
Name: Flask
Version: {VERSION}
Summary: demijohn, answering for Flask
Requires-Python: >=3.11
Requires-Dist: blinker>=1.9.0
Requires-Dist: click>=8.1.3
Requires-Dist: itsdangerous>=2.2.0
Requires-Dist: jinja2>=3.1.2
Requires-Dist: werkzeug>=3.1.0
Provides-Extra: async
Provides-Extra: dotenv
"""


class FlaskDistribution(Distribution):
    """What answers for Flask: a name, a version, no files."""

    def read_text(self, filename: str) -> str | None:
        """The metadata; there are no other files."""
        return _METADATA if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        """Nothing is there.

        :raises FileNotFoundError: always.
        """
        raise FileNotFoundError(path)


class FlaskFinder(DistributionFinder):
    """Finds the distribution ``flask``, before the installed one is found; imports nothing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None: others find modules."""
        return None

    def find_distributions(self, context: Any = None) -> Iterable[Distribution]:
        """The one distribution, when it is asked for or all are."""
        name = getattr(context, "name", None)
        if name is None or name.lower().replace("_", "-") == "flask":
            return [FlaskDistribution()]
        return []


def answer_for_flask() -> None:
    """Let ``importlib.metadata`` find the distribution from now on."""
    sys.meta_path.insert(0, FlaskFinder())
