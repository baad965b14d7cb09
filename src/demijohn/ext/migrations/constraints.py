"""Names for the constraints of a new revision that have none.

Without one, SQLite cannot add a constraint to a table, and no database can drop it when the revision is taken
back. A constraint that is created with its table has no need of one, and databases that exist are left alone:
only what a revision adds or drops is named. This module must not know the commands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.operations import ops

#: What SQLite's unnamed foreign keys are called while their table is copied, as :func:`_name` calls them.
FOREIGN_KEYS = "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s"
#: PostgreSQL keeps 63 bytes of a name, MariaDB 64 characters.
_LONGEST = 63


class _UnnamedBefore(ops.ModifyTableOps):
    """Changes of a table some of whose constraints the database has without a name."""


def name_constraints(migration: object, revision: object, directives: list[Any]) -> None:
    """Name what is unnamed in a revision that was found by comparison; called by Alembic.

    :param directives: The new revision.
    """
    for script in directives:
        for up, down in zip(script.upgrade_ops_list, script.downgrade_ops_list, strict=True):
            tables = [changes for changes in up.ops if isinstance(changes, ops.ModifyTableOps)]
            before = {_key(changes) for changes in tables if _drops_unnamed(changes)}
            for changes in [*tables, *down.ops]:
                if isinstance(changes, ops.ModifyTableOps):
                    _name_all(changes.ops, cut=_key(changes) not in before)
            up.ops[:] = [
                _UnnamedBefore(changes.table_name, changes.ops, schema=changes.schema)
                if changes in tables and _key(changes) in before
                else changes
                for changes in up.ops
            ]


def _key(changes: ops.ModifyTableOps) -> tuple[str | None, str]:
    return changes.schema, changes.table_name


def _drops_unnamed(changes: ops.ModifyTableOps) -> bool:
    """Whether a constraint is dropped that the database has without a name, which is SQLite's alone."""
    return any(
        isinstance(change, ops.DropConstraintOp)
        and change.constraint_name is None
        and isinstance(change.to_constraint(), sa.ForeignKeyConstraint)
        for change in changes.ops
    )


def _name_all(changes: Iterable[Any], cut: bool) -> None:
    for change in changes:
        if (
            isinstance(change, (ops.CreateUniqueConstraintOp, ops.CreateForeignKeyOp, ops.DropConstraintOp))
            and change.constraint_name is None
        ):
            change.constraint_name = _name(change.to_constraint(), cut)


def _name(constraint: sa.Constraint, cut: bool) -> str | None:
    """A name of a unique constraint or foreign key; None for other kinds.

    :param cut: To what every database takes, which is more than a convention does.
    """
    if isinstance(constraint, sa.ForeignKeyConstraint):
        kind, referred = "fk", [constraint.elements[0].target_fullname.split(".")[-2]]
    elif isinstance(constraint, sa.UniqueConstraint):
        kind, referred = "uq", []
    else:
        return None
    name = "_".join([kind, constraint.table.name, *(column.name for column in constraint.columns), *referred])
    whole = name.encode()
    if not cut or len(whole) <= _LONGEST:
        return name
    return f"{whole[: _LONGEST - 9].decode(errors='ignore')}_{hashlib.sha256(whole).hexdigest()[:8]}"


@renderers.dispatch_for(_UnnamedBefore)
def _render(context: Any, changes: _UnnamedBefore) -> Any:
    """The text of the changes, with the names by which the copy of the table knows what it drops."""
    lines: Any = renderers.dispatch(ops.ModifyTableOps)(context, changes)
    start, batch, end = lines[0].partition(") as batch_op:")
    convention = f", naming_convention={ {'fk': FOREIGN_KEYS}!r}" if batch else ""
    return [f"{start}{convention}{batch}{end}", *lines[1:]]
