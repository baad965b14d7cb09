"""The database itself: the base of all models, moments in UTC, and rows that are locked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demijohn.ext.database import SQLAlchemy, TypedModel
from demijohn.ext.migrations import Migrate
from sqlalchemy import DateTime, MetaData, update
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator


class Base(TypedModel, DeclarativeBase):
    """What all models have."""

    # Every constraint has a name, so that a later migration can change or drop it.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate(db=db, directory=Path(__file__).parents[2] / "migrations")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC on every database: SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """The moment as it was stored."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """This moment, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def lock(model: type[Any], number: int) -> None:
    """Keep everybody else from changing what hangs on a row until the transaction ends.

    An UPDATE that changes nothing does it on every database: PostgreSQL locks the row, SQLite the file.
    """
    db.session.execute(update(model).where(model.id == number).values(id=model.id))
