"""``db.Table``: SQLAlchemy's table, with the metadata chosen by bind key."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


class _Table(sa.Table):
    """The type of ``db.Table``: name, columns and constraints; metadata or ``bind_key`` if not the default."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
