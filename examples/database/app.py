"""A guest book in a database: one set of models, read by sync and async views.

demijohn --app examples/database/app.py run
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from demijohn import Flask, redirect, request, stream_with_context, url_for
from demijohn.ext.database import SQLAlchemy, TypedModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(TypedModel, DeclarativeBase):
    """What all models have."""


db = SQLAlchemy(model_class=Base)


class Entry(Base):
    """What a guest wrote. Its table is named `entry`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    guest: Mapped[str] = mapped_column(db.String(80), index=True)
    words: Mapped[str] = mapped_column(db.Text)


def create_app(address: str | None = None) -> Flask:
    """The application, on SQLite unless an address says otherwise.

    `DATABASE_URL=postgresql://user@host/name` is all it takes to move to PostgreSQL.
    """
    app = Flask(__name__)
    address = address or os.environ.get("DATABASE_URL") or "sqlite:///guests.db"
    app.config.update(SQLALCHEMY_DATABASE_URI=address, SQLALCHEMY_SLOW_QUERY=0.5)
    db.init_app(app)
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/entries/<int:number>", view_func=show)
    app.add_url_rule("/entries", view_func=sign, methods=["POST"])
    app.add_url_rule("/export", view_func=export)
    with app.app_context():
        db.create_all()  # enough for an example; an application that changes uses migrations
    return app


def index() -> dict[str, object]:
    """A page of entries, the latest first: `/?page=2&per_page=10`."""
    page = db.paginate(db.select(Entry).order_by(Entry.id.desc()))
    return {"entries": [as_json(entry) for entry in page], "page": page.page, "pages": page.pages}


async def show(number: int) -> dict[str, object]:
    """One entry, through the async session; 404 when there is none."""
    return as_json(await db.async_session.get_or_404(Entry, number))


def sign() -> object:
    """Write an entry. The block is committed at its end, and taken back if anything in it fails."""
    with db.transaction() as session:
        entry = Entry(guest=request.form["guest"], words=request.form["words"])
        session.add(entry)
    return redirect(url_for("show", number=entry.id), 303)


async def export() -> AsyncIterator[str]:
    """All entries, streamed. No connection is held while the client reads: a thousand at a time are read."""

    @stream_with_context
    async def lines() -> AsyncIterator[str]:
        last = 0
        while True:
            statement = db.select(Entry).where(Entry.id > last).order_by(Entry.id).limit(1000)
            entries = (await db.async_session.scalars(statement)).all()
            await db.async_session.release()
            if not entries:
                return
            for entry in entries:
                yield f"{entry.guest}: {entry.words}\n"
            last = entries[-1].id

    return lines()


def as_json(entry: Entry) -> dict[str, object]:
    """An entry as the API shows it."""
    return {"id": entry.id, "guest": entry.guest, "words": entry.words}
