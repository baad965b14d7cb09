"""How models and database differ, in sentences, of what Alembic found by comparing them.

This module must not know the commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["in_words"]

#: By Alembic's word for a change that would make the database what the models are.
_OBJECTS = {
    "add_table": "the database has no table {table}",
    "remove_table": "the database has a table {table}, which no model has",
    "add_index": "the table {table} has no index over {columns}",
    "remove_index": "the table {table} has an index over {columns}, which the model has not",
    "add_constraint": "the table {table} has no unique constraint over {columns}",
    "remove_constraint": "the table {table} has a unique constraint over {columns}, which the model has not",
    "add_fk": "the table {table} has no foreign key from {columns} to {referred}",
    "remove_fk": "the table {table} has a foreign key from {columns} to {referred}, which the model has not",
}
_COLUMNS = {
    "add_column": "the table {table} has no column {column}",
    "remove_column": "the table {table} has a column {column}, which the model has not",
}
_CHANGES = {
    "modify_type": "the column {column} of the table {table} is {old}, and {new} in the model",
    "modify_default": "the column {column} of the table {table} has another server default than in the model",
    "modify_comment": "the column {column} of the table {table} has another comment than in the model",
}
_NULLABLE = {
    True: "the column {column} of the table {table} may not be null, and may be in the model",
    False: "the column {column} of the table {table} may be null, and may not be in the model",
}


def in_words(differences: Iterable[Any]) -> list[str]:
    """A sentence, without its capital and its full stop, for each difference.

    :param differences: As Alembic has them: tuples, and lists of those that are about one column.
    """
    return [_sentence(change) for change in _each(differences)]


def _each(differences: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for difference in differences:
        if isinstance(difference, list):
            yield from difference
        else:
            yield difference


def _sentence(change: tuple[Any, ...]) -> str:
    kind, *values = change
    if kind in _OBJECTS:
        return _about_object(kind, values[0])
    if kind in _COLUMNS:
        schema, table, column = values
        return _COLUMNS[kind].format(table=_table(table, schema), column=repr(column.name))
    if kind in _CHANGES or kind == "modify_nullable":
        schema, table, column, _, old, new = values
        text = _NULLABLE[bool(new)] if kind == "modify_nullable" else _CHANGES[kind]
        return text.format(table=_table(table, schema), column=repr(column), old=old, new=new)
    # Of another extension of Alembic, or a comment of a table.
    return " ".join(str(value) for value in (str(kind).replace("_", " "), *values))


def _about_object(kind: str, item: Any) -> str:
    table = getattr(item, "table", item)
    columns = () if table is item else [column.name for column in item.columns]
    referred = next((element.target_fullname for element in getattr(item, "elements", ())), "")
    return _OBJECTS[kind].format(
        table=_table(table.name, table.schema), columns=", ".join(map(repr, columns)), referred=repr(referred)
    )


def _table(name: str, schema: str | None) -> str:
    return repr(f"{schema}.{name}" if schema else name)
