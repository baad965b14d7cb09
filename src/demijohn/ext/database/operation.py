"""What a database tells those who operate the application: whether it answers, and how many threads it bears.

This module must not know models or sessions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import sqlalchemy as sa

from demijohn import Flask
from demijohn.extend import add_gauge, bound_threads


class Database(Protocol):
    """An object with the engines of the current application."""

    @property
    def engine(self) -> sa.Engine:
        """The default engine."""
        ...

    @property
    def engines(self) -> Mapping[str | None, sa.Engine]:
        """The engines by bind key."""
        ...


def attend(app: Flask, db: Database) -> None:
    """Have ``/readyz`` ask each database of an application, and ``run --prod`` start threads within its pool."""

    def answers() -> None:
        for engine in db.engines.values():
            with engine.connect() as connection:
                connection.execute(sa.select(1))

    def most_threads() -> int | None:
        with app.app_context():
            pool = db.engine.pool
            most = getattr(pool, "_max_overflow", -1)
            return None if most < 0 or not isinstance(pool, sa.QueuePool) else pool.size() + most

    def connections() -> dict[tuple[tuple[str, str], ...], float]:
        found: dict[tuple[tuple[str, str], ...], float] = {}
        for key, engine in db.engines.items():
            pool = engine.pool
            if isinstance(pool, sa.QueuePool):
                bind = ("bind", key or "default")
                found[bind, ("state", "used")] = pool.checkedout()
                found[bind, ("state", "idle")] = pool.checkedin()
        return found

    app.readiness_check("database")(answers)
    add_gauge(app, "db_client_connections", "Connections of the database's pools.", connections)
    bound_threads(app, most_threads)
