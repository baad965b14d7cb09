"""``db.Table``: SQLAlchemy's table, with the metadata chosen by bind key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


class _Table(sa.Table):
    """The type of ``db.Table``: name, columns and constraints; metadata or ``bind_key`` if not the default."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


def table_class(make_metadata: Callable[[str | None], sa.MetaData]) -> type[_Table]:
    """``db.Table`` of one extension object.

    :param make_metadata: Gives the metadata of a bind key.
    """

    class Table(_Table):
        def __new__(cls, *args: Any, bind_key: str | None = None, **kwargs: Any) -> Table:
            if args and not any(isinstance(arg, sa.MetaData) for arg in args[1:2]):
                args = (args[0], make_metadata(bind_key), *args[1:])
            return super().__new__(cls, *args, **kwargs)

    return Table
