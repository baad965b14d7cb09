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
from types import ModuleType
from typing import TYPE_CHECKING, Any

from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.compat import stated
else:
    stated = later("demijohn.compat.stated")  # 15 % of an import, by importlib.metadata; few ask for versions

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


class StatedFinder:
    """Finds the distributions that are answered for, before installed ones are found; imports nothing."""

    def __init__(self) -> None:
        #: By its name in one spelling: name, version and further metadata.
        self.stated: dict[str, tuple[str, str, str]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None: others find modules."""
        return None

    def find_distributions(self, context: Any = None) -> Iterable[stated.StatedDistribution]:
        """The one that is asked for, or all."""
        name = getattr(context, "name", None)
        wanted = self.stated if name is None else self.stated.keys() & {_normal(name)}
        return [stated.StatedDistribution(*self.stated[key]) for key in wanted]


_finder = StatedFinder()


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def answer_for(name: str, version: str, needs: str = "") -> None:
    """Let ``importlib.metadata`` find a distribution from now on.

    :param name: As its project writes it.
    :param version: The release whose interface is given.
    :param needs: Further lines of its metadata.
    """
    _finder.stated[_normal(name)] = name, version, needs
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def leave(name: str) -> None:
    """Let ``importlib.metadata`` find the installed distribution again, if there is one."""
    _finder.stated.pop(_normal(name), None)


def answer_for_flask() -> None:
    """Let ``importlib.metadata`` find the distribution ``flask`` from now on."""
    answer_for("Flask", VERSION, _FLASK_NEEDS)
