"""Models that inherit from `db.Model` as mypy reads them, once it is told to pass over the base. See test_typing.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_type

from sqlalchemy import ScalarResult
from sqlalchemy.orm import Mapped, mapped_column

from demijohn.ext.database import Pagination, SQLAlchemy

db = SQLAlchemy()


class User(db.Model):  # type: ignore[name-defined,misc]
    """What it inherits is not known; its own columns and its rows are."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


assert_type(db.session.scalars(db.select(User)), ScalarResult[User])
assert_type(db.session.scalars(db.select(User)).all(), Sequence[User])
assert_type(db.get_or_404(User, 1), User)
assert_type(db.paginate(db.select(User)), Pagination[User])
assert_type(db.get_or_404(User, 1).name, str)
