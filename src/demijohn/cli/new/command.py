"""The command itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from demijohn.cli.new import names
from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.cli.new import project
else:
    project = later("demijohn.cli.new.project")  # only for this command

__all__ = ["new_command"]

#: What may lie in the present folder already: somebody who begins has made these first.
_MAY_LIE_THERE = {".git", ".venv", "venv"}


def _rooms(ctx: click.Context, param: click.Parameter, value: str) -> frozenset[str]:
    asked = {name.strip() for name in value.split(",")} - {""}
    if unknown := asked - set(project.ROOMS):
        known = ", ".join(project.ROOMS)
        raise click.BadParameter(
            f"there is no room {', '.join(sorted(unknown))}. There are {known}.", ctx, param
        )
    return frozenset(asked)


@click.command("new", short_help="Write a new project.")
@click.argument("name")
@click.option(
    "--with", "rooms", default="", callback=_rooms, metavar="ROOM,ROOM",
    help="Of database, login, forms, rest, realtime, i18n, oauth, tasks. login brings database.",
)  # fmt: skip
@click.option("--minimal", is_flag=True, help="One file and its test.")
def new_command(name: str, rooms: frozenset[str], minimal: bool) -> None:
    """Write a project called NAME, or one in the present folder if NAME is a dot and nothing lies there.

    It has an application factory, settings from the environment and .env, templates, tests, and a Dockerfile.
    """
    if minimal and rooms:
        raise click.UsageError("--minimal is one file; leave it or --with out.")
    folder = Path.cwd() if name == "." else Path(name)
    name = folder.name if name == "." else name
    if wrong := names.what_is_wrong(name):
        raise click.UsageError(f"{name!r} {wrong}. {names.would_do(name)!r} would do.")
    _expect_empty(folder)
    made = project.minimal(name) if minimal else project.whole(name, rooms)
    project.write(folder, made)
    click.echo(f"Written: {len(made)} files in {folder}. Next:\n")
    if folder != Path.cwd():
        click.echo(f"    cd {folder}")
    click.echo(f'    pip install -e ".[dev]"\n    demijohn --app {"app" if minimal else "wsgi"} run')


def _expect_empty(folder: Path) -> None:
    try:
        there = sorted({path.name for path in folder.iterdir()} - _MAY_LIE_THERE)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise click.UsageError(f"{folder} is a file.") from None
    if there:
        raise click.UsageError(
            f"{folder} is not empty: {', '.join(there[:3])}{', ...' if there[3:] else ''}."
        )
