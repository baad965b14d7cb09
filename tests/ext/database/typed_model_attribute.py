# pyright: strict, reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateUsage=false, reportUnknownVariableType=false
"""Models that inherit from `db.Model`, as pyright reads them. See test_typing.py."""

from __future__ import annotations

from typing import assert_type

from sqlalchemy import ScalarResult
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from demijohn.ext.database import SQLAlchemy

db = SQLAlchemy()


class User(db.Model):
    """In the style of SQLAlchemy 2, with a column in the older one."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name = db.Column(db.String(50))


class Base(MappedAsDataclass, DeclarativeBase):
    """Models that are dataclasses."""


other = SQLAlchemy(model_class=Base)


class Post(other.Model):
    """One of them."""

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    title: Mapped[str]


assert_type(db.session.scalars(db.select(User)), ScalarResult[User])
assert_type(User(name="Ada").id, int)
assert_type(User.query.all(), list[User])
assert_type(Post("A title").title, str)
