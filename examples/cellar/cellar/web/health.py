"""Whether the cellar can do its work, for whoever watches over the server."""

from __future__ import annotations

from demijohn import Flask
from demijohn.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cellar.store.database import db
from cellar.store.models import Bottle


async def healthz() -> ResponseReturnValue:
    """200 while the database answers and has its tables, 503 when it does not."""
    try:
        await db.async_session.scalar(select(Bottle.id).limit(1))
    except SQLAlchemyError:
        return {"status": "the database does not answer"}, 503
    return {"status": "ok"}


def init_app(app: Flask) -> None:
    """Answer at /healthz."""
    app.add_url_rule("/healthz", view_func=healthz)
