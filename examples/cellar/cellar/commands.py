"""`demijohn --app cellar cellar ...`: what the person who runs the cellar does at a terminal."""

from __future__ import annotations

import click
from demijohn import Flask, current_app
from demijohn.cli import AppGroup
from demijohn.ext.migrations import upgrade

from cellar.store import archives, bottles, people, seed
from cellar.store.database import db
from cellar.store.refusals import NameTaken
from cellar.web import photos

FORMER_DATABASE = "cellar.sqlite3"  # what it was called, with other tables, before there were migrations

group = AppGroup("cellar", help="Look after the cellar's data.")


@group.command("set-up")
@click.option("--samples/--no-samples", default=True, help="Fill a new cellar with bottles to look at.")
def set_up(samples: bool) -> None:
    """Bring the database up to date: a new one is made, an older one upgraded. Harmless when repeated."""
    upgrade()
    click.echo(f"The database is up to date: {db.engine.url.render_as_string()}")
    if samples and seed.fill_once():
        click.echo("The sample cellar is in.")
    former = current_app.config["DATA_FOLDER"] / FORMER_DATABASE
    if former.exists():
        click.echo(
            f"Note: {former} is a cellar of an earlier version. Nothing in it is read or changed; it holds"
            " the bottles and accounts of that time. Move it away to see this no more."
        )


@group.command("add-person")
@click.argument("name")
@click.password_option()
def add_person(name: str, password: str) -> None:
    """Make an account for NAME, for cellars whose sign-up is closed."""
    try:
        people.join(name, password)
    except NameTaken as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{name} may sign in.")


@group.command("tidy")
def tidy() -> None:
    """Delete photos and archives of a day ago or earlier that nobody uses."""
    used = set(db.session.scalars(bottles.photos()))
    count = photos.tidy(used)
    click.echo(f"Deleted {count} unused photo{'' if count == 1 else 's'}.")
    archives.tidy(current_app.config["ARCHIVE_FOLDER"])


def init_app(app: Flask) -> None:
    """Add the commands to those of `app`."""
    app.cli.add_command(group)
