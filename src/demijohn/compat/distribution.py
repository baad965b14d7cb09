"""The installed distributions ``flask`` and those of its extensions, as ``importlib.metadata`` sees them.

COMPAT: Flask-RESTX and Flask-DebugToolbar read ``importlib.metadata.version("flask")``, OpenTelemetry
looks whether the version it supports is installed, Flask-AppBuilder for the major version of
Flask-SQLAlchemy. None of them need be installed, and where one is, its version is not the one whose
behaviour is given here. This module must not know which extensions there are.
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

_FLASK_NEEDS = """\
Requires-Dist: blinker>=1.9.0
Requires-Dist: click>=8.1.3
Requires-Dist: itsdangerous>=2.2.0
Requires-Dist: jinja2>=3.1.2
Requires-Dist: werkzeug>=3.1.0
Provides-Extra: async
Provides-Extra: dotenv
"""


class StatedDistribution(Distribution):
    """What answers for a distribution: a name, a version, no files."""

    def __init__(self, name: str, version: str, needs: str = "") -> None:
        self._metadata = (
            f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
            f"Summary: demijohn, answering for {name}\nRequires-Python: >=3.11\n{needs}"
        )

    def read_text(self, filename: str) -> str | None:
        """The metadata; there are no other files."""
        return self._metadata if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        """Nothing is there.

        :raises FileNotFoundError: always.
        """
        raise FileNotFoundError(path)


class StatedFinder(DistributionFinder):
    """Finds the distributions that are answered for, before installed ones are found; imports nothing."""

    def __init__(self) -> None:
        self.stated: dict[str, StatedDistribution] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None: others find modules."""
        return None

    def find_distributions(self, context: Any = None) -> Iterable[Distribution]:
        """The one that is asked for, or all."""
        name = getattr(context, "name", None)
        if name is None:
            return list(self.stated.values())
        found = self.stated.get(_normal(name))
        return [] if found is None else [found]


_finder = StatedFinder()


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def answer_for(name: str, version: str, needs: str = "") -> None:
    """Let ``importlib.metadata`` find a distribution from now on.

    :param name: As its project writes it.
    :param version: The release whose interface is given.
    :param needs: Further lines of its metadata.
    """
    _finder.stated[_normal(name)] = StatedDistribution(name, version, needs)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def answer_for_flask() -> None:
    """Let ``importlib.metadata`` find the distribution ``flask`` from now on."""
    answer_for("Flask", VERSION, _FLASK_NEEDS)
