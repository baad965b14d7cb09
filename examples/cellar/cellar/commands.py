"""`demijohn --app cellar cellar ...`: what the person who runs the cellar does at a terminal."""

from __future__ import annotations

from contextlib import closing

import click
from demijohn import Flask, current_app
from demijohn.cli import AppGroup

from cellar.store import bottles, database, people, photos, seed

group = AppGroup("cellar", help="Look after the cellar's data.")


@group.command("init-db")
def init_db() -> None:
    """Make the database and its tables where they are missing."""
    database.create_tables(current_app.config["DATABASE"])
    click.echo(f"The database is ready: {current_app.config['DATABASE']}")


@group.command("seed")
def fill() -> None:
    """Fill a new database with a small cellar, once."""
    filled = database.fill_once(current_app.config["DATABASE"], seed.fill)
    click.echo("The sample cellar is in." if filled else "The cellar was filled before; nothing to do.")


@group.command("add-person")
@click.argument("name")
@click.password_option()
def add_person(name: str, password: str) -> None:
    """Make an account for NAME, for cellars whose sign-up is closed."""
    with closing(database.connect(current_app.config["DATABASE"])) as connection:
        try:
            people.join(connection, name, password)
        except people.NameTaken:
            raise click.ClickException(f"There is somebody called {name} already.") from None
    click.echo(f"{name} may sign in.")


@group.command("tidy")
def tidy() -> None:
    """Delete photos that were sent a day ago or earlier and never used."""
    with closing(database.connect(current_app.config["DATABASE"])) as connection:
        count = photos.tidy(current_app.config["PHOTO_FOLDER"], bottles.photos(connection))
    click.echo(f"Deleted {count} unused photo{'' if count == 1 else 's'}.")


def init_app(app: Flask) -> None:
    """Add the commands to those of `app`."""
    app.cli.add_command(group)
