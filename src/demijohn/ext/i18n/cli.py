"""The command group ``i18n``. What a command does is a function in ``operations``; this reads the options."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from demijohn.cli import with_appcontext
from demijohn.extend import later

if TYPE_CHECKING:
    from demijohn.ext.i18n import operations
else:
    operations = later("demijohn.ext.i18n.operations")  # babel.messages: 30 ms that only these commands need


@click.group()
def i18n() -> None:
    """Collect texts and translate them."""


@i18n.command()
@click.option(
    "-F", "--mapping", default=None, help="What is read how (default babel.cfg, where there is one)."
)
@click.option("-k", "--keyword", multiple=True, help="A further function whose texts are taken; repeatable.")
@with_appcontext
def extract(mapping: str | None, keyword: tuple[str, ...]) -> None:
    """Collect the texts of Python files and templates into a .pot file."""
    operations.extract(mapping, keyword)


@i18n.command()
@click.argument("locale")
@with_appcontext
def init(locale: str) -> None:
    """Begin a catalogue for LOCALE."""
    operations.init(locale)


@i18n.command()
@click.argument("locales", metavar="[LOCALE]...", nargs=-1)
@with_appcontext
def update(locales: tuple[str, ...]) -> None:
    """Bring catalogues up to the texts that were collected."""
    operations.update(locales)


@i18n.command("compile")
@click.option("-f", "--use-fuzzy", is_flag=True, help="Take translations that are marked fuzzy, too.")
@with_appcontext
def compile_(use_fuzzy: bool) -> None:
    """Compile catalogues; fail on translations that cannot be used."""
    sys.exit(operations.compile_all(operations.own_directories(), use_fuzzy))


@i18n.command()
@click.option("--check", is_flag=True, help="Fail when anything is fuzzy or missing.")
@with_appcontext
def status(check: bool) -> None:
    """Tell how much of each catalogue is translated."""
    complete = operations.status()
    sys.exit(1 if check and not complete else 0)
