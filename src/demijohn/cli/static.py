"""``demijohn static``: static files as a CDN or a web server wants them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from demijohn.cli.loading import current_application
from demijohn.later import later
from demijohn.setup.commands import with_appcontext

if TYPE_CHECKING:
    from demijohn.static import build
else:
    build = later("demijohn.static.build")  # hashlib and more; only for this command


@click.group("static", short_help="Build static files for a CDN or a web server.")
def static_command() -> None:
    """Static files: what the application serves by itself, written to a folder."""


@static_command.command("build")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("static-build"), show_default=True,
    help="The folder to write to.",
)  # fmt: skip
@with_appcontext
def build_command(out: Path) -> None:
    """Write names with digests, compressed variants and manifest.json."""
    built = build.build(current_application(), out)
    click.echo(f"{len(built.names)} files and {built.variants} compressed variants are in {out}.")
