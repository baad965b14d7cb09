# pyright: strict, reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateUsage=false
"""An application as type checkers read it; each line of `assert_type` is one promise. See test_typing.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_type

from sqlalchemy import Result, ScalarResult
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from demijohn import Flask
from demijohn.ext.database import Pagination, Query, SQLAlchemy, TypedModel

app = Flask(__name__)


class Base(TypedModel, DeclarativeBase):
    """What all models have."""


db = SQLAlchemy(app, model_class=Base)


class User(Base):
    """A model with a relationship."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(db.String(50))
    posts: Mapped[list[Post]] = db.relationship(back_populates="user")


class Post(Base):
    """Its other side."""

    id: Mapped[int] = db.mapped_column(primary_key=True)
    user_id: Mapped[int] = db.mapped_column(db.ForeignKey("user.id"))
    user: Mapped[User] = db.relationship(back_populates="posts")


@app.get("/")
def view() -> str:
    """The sync interface."""
    assert_type(db.session.scalars(db.select(User)), ScalarResult[User])
    assert_type(db.session.scalars(db.select(User)).all(), Sequence[User])
    assert_type(db.session.execute(db.select(User.id, User.name)), Result[int, str])
    assert_type(db.session.get(User, 1), User | None)
    assert_type(db.get_or_404(User, 1), User)
    assert_type(db.first_or_404(db.select(User)), User)
    assert_type(db.one_or_404(db.select(User)), User)
    assert_type(db.paginate(db.select(User)), Pagination[User])
    assert_type(db.paginate(db.select(User)).items, list[User])
    assert_type(User.query, Query[User])
    assert_type(User.query.first_or_404(), User)
    with db.transaction() as session:
        session.add(User(name="Ada"))
        assert_type(session.get(User, 1), User | None)
    return db.get_or_404(User, 1).posts[0].user.name


@app.get("/async")
async def async_view() -> str:
    """The async interface over the same models."""
    assert_type(await db.async_session.scalars(db.select(User)), ScalarResult[User])
    assert_type(await db.async_session.get_or_404(User, 1), User)
    assert_type(await db.async_session.first_or_404(db.select(User)), User)
    assert_type((await db.async_session.paginate(db.select(User))).items, list[User])
    async with db.transaction() as session:
        assert_type(await session.get(User, 1), User | None)
    return ""
