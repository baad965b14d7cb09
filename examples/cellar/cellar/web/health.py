"""Whether the cellar can do its work, for whoever watches over the server."""

from __future__ import annotations

import asyncio
import sqlite3

from demijohn import Flask
from demijohn.typing import ResponseReturnValue

from cellar.web.connection import connection


def _ask() -> None:
    connection().execute("SELECT 1 FROM bottle LIMIT 1")


async def healthz() -> ResponseReturnValue:
    """200 while the database answers, 503 when it does not."""
    try:
        await asyncio.to_thread(_ask)
    except sqlite3.Error:
        return {"status": "the database does not answer"}, 503
    return {"status": "ok"}


def init_app(app: Flask) -> None:
    """Answer at /healthz."""
    app.add_url_rule("/healthz", view_func=healthz)
