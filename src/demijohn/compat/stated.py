"""A distribution that is answered for, as ``importlib.metadata`` has installed ones."""

from __future__ import annotations

from importlib.metadata import Distribution
from typing import Any, NoReturn

__all__ = ["StatedDistribution"]


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

    def locate_file(self, path: Any) -> NoReturn:
        """Nothing is there.

        :raises FileNotFoundError: always.
        """
        raise FileNotFoundError(path)
