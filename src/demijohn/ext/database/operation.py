"""What a database tells those who operate the application: whether it answers.

This module must not know models or sessions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import sqlalchemy as sa

from demijohn import Flask


class Database(Protocol):
    """An object with the engines of the current application."""

    @property
    def engines(self) -> Mapping[str | None, sa.Engine]:
        """The engines by bind key."""
        ...


def attend(app: Flask, db: Database) -> None:
    """Have ``/readyz`` ask each database of an application."""

    def answers() -> None:
        for engine in db.engines.values():
            with engine.connect() as connection:
                connection.execute(sa.select(1))

    app.readiness_check("database")(answers)
