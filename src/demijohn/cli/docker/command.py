"""The command itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from demijohn.cli.loading import ScriptInfo, pass_script_info
from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.cli.docker import files, needs
else:
    files = later("demijohn.cli.docker.files")  # only for this command
    needs = later("demijohn.cli.docker.needs")  # likewise

__all__ = ["docker_command"]


def _version(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"3\.\d+(\.\d+)?", value):
        raise click.BadParameter(f"{value!r} is no version of Python, such as 3.13.", ctx, param)
    return value


@click.command("docker", short_help="Write a Dockerfile and what goes with it.")
@click.option("--python", callback=_version, metavar="VERSION", help="Of Python; by default, this one's.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--print", "to_terminal", is_flag=True, help="Print the files, and write none.")
@pass_script_info
def docker_command(info: ScriptInfo, python: str | None, force: bool, to_terminal: bool) -> None:
    """Write Dockerfile, .dockerignore and compose.yaml for the application in hand.

    compose.yaml has PostgreSQL, Redis, a worker and a beat where the application uses them. No secret is in any of the
    files.
    """
    folder = Path.cwd()
    app = info.load_app()
    app.settle()
    try:
        found = needs.find_needs(app, info.app_import_path or _default(folder), folder, python)
    except LookupError as e:
        raise click.ClickException(str(e)) from None
    made = {name: make(found) for name, make in files.FILES.items()}
    if to_terminal:
        for name, text in made.items():
            click.echo(f"# {name}\n{text}")
        return
    there = [name for name in made if (folder / name).exists()]
    if there and not force:
        raise click.ClickException(
            f"{', '.join(there)}: there already, and nothing was written. --force replaces, --print shows."
        )
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    click.echo(f"Written: {', '.join(made)}.")
    click.echo(
        f"compose.yaml takes {found.prefix}_SECRET_KEY"
        f"{' and DATABASE_PASSWORD' if found.postgresql else ''} from the environment or .env."
    )


def _default(folder: Path) -> str:
    """Where the application was found, as nobody said where it is."""
    return "wsgi" if (folder / "wsgi.py").is_file() else "app"
