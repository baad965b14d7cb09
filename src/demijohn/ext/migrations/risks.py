"""Warnings: no models are known; a migration would drop a table that has rows, or fails because of rows.

This module must not change anything.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
import sqlalchemy.event as sa_event
from sqlalchemy.exc import DBAPIError

from demijohn.ext.migrations.configuration import Database
from demijohn.ext.migrations.logs import reporter


def warn_without_models(db: Database) -> None:
    """Warn when no table is known: the models were most likely not imported."""
    metadatas: Mapping[str | None, sa.MetaData] = getattr(db, "metadatas", None) or {None: db.metadata}
    if not any(metadata.tables for metadata in metadatas.values()):
        reporter().warning(
            "No models are known, so every table of the database looks superfluous. Import the module that"
            " defines them where the application is made."
        )


def warn_of_risks_in(path: Path, db: Database) -> None:
    """Warn of what a new revision does on upgrade to rows that are there, or cannot do because of them.

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
            for step in _steps(function):
                risk = _risk(connection, step)
                if risk:
                    reporter().warning("The revision %s %s", path.name, risk)


class _Step(NamedTuple):
    """A call of ``op`` in a revision: what it does to which table, and what it is given besides."""

    name: str
    table: str
    schema: str | None
    arguments: list[ast.expr]
    words: dict[str, ast.expr]


def _steps(function: ast.FunctionDef) -> Iterator[_Step]:
    """The calls of a function, those of ``with op.batch_alter_table(...)`` with its table."""
    batches: dict[int, ast.Call] = {}
    for block in ast.walk(function):
        if isinstance(block, ast.With) and isinstance(block.items[0].context_expr, ast.Call):
            for each in block.body:
                batches.update((id(node), block.items[0].context_expr) for node in ast.walk(each))
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, arguments = node.func.attr, node.args
        words = {word.arg: word.value for word in node.keywords if word.arg}
        batch = batches.get(id(node))
        if batch is not None:
            table = batch.args[0] if batch.args else None
            words |= {word.arg: word.value for word in batch.keywords if word.arg == "schema"}
        else:
            # op.create_index("name", "table", ["column"]), and else the table first.
            place = 1 if name in _NAMED else 0
            table = arguments[place] if len(arguments) > place else None
            arguments = [*arguments[:place], *arguments[place + 1 :]]
        if isinstance(table, ast.Constant):
            yield _Step(name, str(table.value), _constant(words.get("schema")), arguments, words)


_NAMED = frozenset({"create_index", "create_unique_constraint"})


def _constant(node: ast.expr | None) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


def _called(node: ast.expr) -> str:
    """The name of the function that an expression calls: ``f`` of ``a.f(...)`` and of ``f(...)``."""
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", "") or getattr(function, "id", "")


def _risk(connection: sa.Connection, step: _Step) -> str:
    """What is to be said of a step; an empty text where there is nothing."""
    table = sa.table(step.table, schema=step.schema)
    if step.name == "drop_table":
        return f"drops the table {step.table!r}, which has rows." if _any(connection, table) else ""
    if step.name == "add_column":
        column = step.arguments[0] if step.arguments else None
        return _of_new_column(connection, table, column) if isinstance(column, ast.Call) else ""
    if step.name == "alter_column" and step.arguments and _constant(step.words.get("nullable")) is False:
        name = str(_constant(step.arguments[0]))
        if _any(connection, table, sa.column(name).is_(None)):
            return (
                f"has the column {name!r} of the table {step.table!r} not be null, which it is in rows that are"
                " there: the upgrade fails. Give those a value first, with op.execute() before that line."
            )
    if step.name == "create_unique_constraint" or _constant(step.words.get("unique")) is True:
        columns = step.arguments[1] if len(step.arguments) > 1 else None
        names = [_constant(each) for each in columns.elts] if isinstance(columns, ast.List) else []
        if names and None not in names and _are_alike(connection, table, names):
            return (
                f"has {', '.join(map(repr, names))} be unique in the table {step.table!r}, where rows that are there"
                " are alike: the upgrade fails. Make them differ first, with op.execute() before that line."
            )
    return ""


def _of_new_column(connection: sa.Connection, table: sa.TableClause, column: ast.Call) -> str:
    words = {word.arg: word.value for word in column.keywords}
    valued = "server_default" in words or any(
        _called(each) in {"Computed", "Identity"} for each in column.args
    )
    if valued or _constant(words.get("nullable")) is not False or not column.args:
        return ""
    if connection.dialect.name in {"mysql", "mariadb"}:
        fate = "rows that are there get 0 or an empty text"
    elif _any(connection, table):
        fate = "the upgrade fails, because the table has rows"
    else:
        fate = "the upgrade fails where the table has rows"
    return (
        f"adds the column {_constant(column.args[0])!r} to the table {table.name!r}, which may not be null and has no"
        f" server default: {fate}. Give it server_default=... in the model and in the revision; or add it with"
        " nullable=True, fill it with op.execute(), and have op.alter_column() set nullable=False."
    )


def _any(connection: sa.Connection, table: sa.TableClause, *criteria: sa.ColumnElement[bool]) -> bool:
    return (
        _first(connection, sa.select(sa.literal(1)).select_from(table).where(*criteria).limit(1)) is not None
    )


def _are_alike(connection: sa.Connection, table: sa.TableClause, names: list[str]) -> bool:
    columns: list[Any] = [sa.column(name) for name in names]
    asked = sa.select(*columns).select_from(table).where(*(column.is_not(None) for column in columns))
    return _first(connection, asked.group_by(*columns).having(sa.func.count() > 1).limit(1)) is not None


def _first(connection: sa.Connection, asked: sa.Executable) -> object:
    """The first row; none where the table or the column is made by the same revision."""
    try:
        with connection.begin_nested():
            return connection.execute(asked).first()
    except DBAPIError:
        return None


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
                reporter().warning("Dropping the table %r, which has rows.", name)

    sa_event.listen(sa.Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        sa_event.remove(sa.Engine, "before_cursor_execute", look)
