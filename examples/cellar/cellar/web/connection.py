"""The request's own database connection: opened at first use, closed when the request ends."""

from __future__ import annotations

import sqlite3

from demijohn import Flask, current_app, g

from cellar.store import database


def connection() -> sqlite3.Connection:
    """The connection of this request; every caller within the request gets the same one."""
    if "connection" not in g:
        g.connection = database.connect(current_app.config["DATABASE"])
    opened: sqlite3.Connection = g.connection
    return opened


def close(_error: BaseException | None = None) -> None:
    """Close the connection, if the request opened one."""
    opened: sqlite3.Connection | None = g.pop("connection", None)
    if opened is not None:
        opened.close()


def init_app(app: Flask) -> None:
    """Close connections when requests and commands of `app` end."""
    app.teardown_appcontext(close)
