"""Opening, preparing and changing the SQLite file. Knows no table but by the schema it runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = Path(__file__).with_name("schema.sql")
SCHEMA_VERSION = 1


def connect(path: Path) -> sqlite3.Connection:
    """Open `path` with rows by name, enforced foreign keys and explicit transactions."""
    # One request uses one connection, but an async view may reach it from several threads in turn.
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one write transaction: all of it is kept, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def create_tables(path: Path) -> None:
    """Make the file and its tables where they are missing; harmless when repeated."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA.read_text('utf-8')} COMMIT;")


def fill_once(path: Path, fill: Callable[[sqlite3.Connection], None]) -> bool:
    """Run `fill` unless it ran before; true when it did now.

    The version stands in the same transaction as the data, so of several workers that start
    at once exactly one fills the file, and one that dies half-way leaves nothing.
    """
    with closing(connect(path)) as connection, transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version >= SCHEMA_VERSION:
            return False
        fill(connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return True


def now() -> str:
    """This moment in UTC as ISO 8601 to the second, as every table keeps it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
