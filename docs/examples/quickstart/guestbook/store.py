import sqlite3
from pathlib import Path

import click

from demijohn import Flask, current_app, g
from demijohn.cli import with_appcontext

SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY,
    author TEXT NOT NULL,
    body TEXT NOT NULL
)
"""


def connection() -> sqlite3.Connection:
    """The request's own connection, opened when it is first asked for."""
    if "connection" not in g:
        g.connection = sqlite3.connect(current_app.config["DATABASE"])
        g.connection.row_factory = sqlite3.Row
    return g.connection


def close(error: BaseException | None = None) -> None:
    opened = g.pop("connection", None)
    if opened is not None:
        opened.close()


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Make the tables."""
    Path(current_app.config["DATABASE"]).parent.mkdir(parents=True, exist_ok=True)
    connection().execute(SCHEMA)
    click.echo("The guestbook is ready.")


def init_app(app: Flask) -> None:
    app.teardown_appcontext(close)
    app.cli.add_command(init_db)
