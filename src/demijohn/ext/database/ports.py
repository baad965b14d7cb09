"""What sessions and models ask of the extension object, which stands above them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import sqlalchemy as sa

__all__ = ["Database"]


class Database(Protocol):
    """The extension object, as far as sessions and models go."""

    @property
    def engines(self) -> Mapping[str | None, sa.Engine]:
        """The engines of the current application by bind key."""
        ...

    def _engines_on_loop(self) -> Mapping[str | None, sa.Engine]:
        """The sync faces of its async engines on the running loop."""
        ...

    def _make_metadata(self, bind_key: str | None) -> sa.MetaData:
        """The metadata of a bind key, made when it is new."""
        ...
