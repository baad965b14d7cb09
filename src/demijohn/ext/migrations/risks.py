"""Warnings: no models are known; a migration would drop a table that has rows.

This module must not change anything.
"""

from __future__ import annotations

import ast
import contextlib
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.event as sa_event
from sqlalchemy.exc import DBAPIError

from demijohn.ext.migrations.configuration import Database

#: COMPAT: the logger that ``alembic.ini`` of existing folders sets up; it switches off all it does not name.
LOGGER = "flask_migrate"


def _warn(message: str, *args: object) -> None:
    log = logging.getLogger(LOGGER)
    log.disabled = False
    log.warning(message, *args)


def warn_without_models(db: Database) -> None:
    """Warn when no table is known: the models were most likely not imported."""
    metadatas: Mapping[str | None, sa.MetaData] = getattr(db, "metadatas", None) or {None: db.metadata}
    if not any(metadata.tables for metadata in metadatas.values()):
        _warn(
            "No models are known, so every table of the database looks superfluous. Import the module that"
            " defines them where the application is made."
        )


def warn_of_drops_in(path: Path, db: Database) -> None:
    """Warn of each table that a new revision drops on upgrade although it has rows.

    :param path: The revision's file.
    """
    engines: Any = getattr(db, "engines", None)
    if not isinstance(engines, Mapping):
        return
    for function in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("upgrade"):
            continue
        # upgrade() is for the only database, upgrade_() for the default and upgrade_x() for x among several.
        engine = engines.get(function.name.removeprefix("upgrade").removeprefix("_") or None)
        if engine is None:
            continue
        with engine.connect() as connection:
            for table, schema in _dropped(function):
                if _has_rows(connection, table, schema):
                    _warn("The revision %s drops the table %r, which has rows.", path.name, table)


def _dropped(function: ast.FunctionDef) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "drop_table"
        ):
            schema = next((word.value for word in node.keywords if word.arg == "schema"), None)
            table = node.args[0] if node.args else None
            if isinstance(table, ast.Constant):
                yield str(table.value), schema.value if isinstance(schema, ast.Constant) else None  # type: ignore[misc]


def _has_rows(connection: sa.Connection, name: str, schema: str | None = None) -> bool:
    table = sa.table(name, schema=schema)
    return connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None


_DROP = re.compile(r"""\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?P<table>[^\s;]+)""", re.IGNORECASE)
_SCRATCH = "_alembic_tmp_"


@contextlib.contextmanager
def warn_of_dropped_rows(sql: bool = False) -> Iterator[None]:
    """Warn of each table with rows that is dropped in the block, on whatever engine ``env.py`` uses.

    :param sql: Only SQL is printed, so nothing is looked at.
    """
    if sql:
        yield
        return
    copied: set[str] = set()

    def look(connection: sa.Connection, cursor: object, statement: str, *args: object) -> None:
        if _SCRATCH in statement:
            # SQLite's way to change a table: its rows are copied, and it is dropped and made anew.
            copied.update(re.findall(rf"{_SCRATCH}(\w+)", statement))
            return
        match = _DROP.match(statement)
        if match is None:
            return
        quoted = match["table"]
        name = quoted.rpartition(".")[2].strip('"`[]')
        if name in copied or name == "alembic_version":
            return
        with contextlib.suppress(DBAPIError):
            # The name as the statement that is about to run has it.
            if connection.exec_driver_sql(f"SELECT 1 FROM {quoted} LIMIT 1").first() is not None:  # noqa: S608
                _warn("Dropping the table %r, which has rows.", name)

    sa_event.listen(sa.Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        sa_event.remove(sa.Engine, "before_cursor_execute", look)
