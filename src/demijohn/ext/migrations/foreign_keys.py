"""SQLite's foreign keys while revisions run: not enforced, and looked over afterwards.

To change a table, SQLite copies it and drops the first one, and where foreign keys are enforced that deletes
what refers to its rows (ON DELETE CASCADE), or fails. This module must not know the commands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import get_ident
from typing import Any

import sqlalchemy as sa
import sqlalchemy.event as sa_event

from demijohn.ext.migrations.logs import reporter

_KEY = "demijohn.foreign_keys"


@contextlib.contextmanager
def foreign_keys_suspended(sql: bool = False) -> Iterator[None]:
    """Enforce none on the connections that this thread takes in the block, on whatever engine ``env.py`` uses.

    :param sql: Only SQL is printed, so nothing is done.
    """
    if sql:
        yield
        return
    thread = get_ident()

    # The pool's events, since within a transaction the pragma does nothing.
    def suspend(connection: Any, record: Any, proxy: object) -> None:
        if get_ident() == thread and _is_sqlite(connection) and _ask(connection, "foreign_keys") == [(1,)]:
            _ask(connection, "foreign_keys=OFF")
            record.info[_KEY] = True

    def restore(connection: Any, record: Any) -> None:
        if connection is not None and record.info.pop(_KEY, False):
            broken = sorted({row[0] for row in _ask(connection, "foreign_key_check")})
            _ask(connection, "foreign_keys=ON")
            if broken:
                reporter().warning(
                    "Rows of %s refer to rows that are not there.", ", ".join(map(repr, broken))
                )

    sa_event.listen(sa.Pool, "checkout", suspend)
    sa_event.listen(sa.Pool, "checkin", restore)
    try:
        yield
    finally:
        sa_event.remove(sa.Pool, "checkout", suspend)
        sa_event.remove(sa.Pool, "checkin", restore)


def _is_sqlite(connection: Any) -> bool:
    """Whether it is a connection of the standard library's driver, an async one, or one like them."""
    return "sqlite" in type(getattr(connection, "driver_connection", connection)).__module__


def _ask(connection: Any, pragma: str) -> Any:
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA {pragma}")
        return cursor.fetchall()
    finally:
        cursor.close()
