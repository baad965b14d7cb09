"""The command ``demijohn openapi``: prints a document, writes it, or compares it with a file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import click

from demijohn import Flask, current_app
from demijohn.cli import with_appcontext
from demijohn.ext.rest.openapi.documents import document_of
from demijohn.ext.rest.openapi.serving import served_from
from demijohn.ext.rest.openapi.text import as_json, as_yaml
from demijohn.extend import current_application

__all__ = ["add_command"]


@click.command("openapi")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file; .yaml is YAML."
)
@click.option(
    "--check", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Exit with 1, and show the difference, when a file is not the document.",
)  # fmt: skip
@click.option("--for-version", metavar="V", help="The version to document; the newest by default.")
@click.option("--prefix", help="The prefix of the Api, where there are several.")
@with_appcontext
def openapi(output: Path | None, check: Path | None, for_version: str | None, prefix: str | None) -> None:
    """Print the OpenAPI document of the API."""
    current_app.url_map.update()
    try:
        document = served_from(document_of(current_application(), for_version, prefix), "")
    except LookupError as e:
        raise click.ClickException(str(e)) from None
    if check is not None:
        _compare(document, check)
    elif output is not None:
        output.write_text(_text(document, output), encoding="utf-8")
    else:
        click.echo(as_json(document), nl=False)


def _text(document: dict[str, Any], file: Path) -> str:
    return as_yaml(document) if file.suffix in {".yaml", ".yml"} else as_json(document)


def _compare(document: dict[str, Any], file: Path) -> None:
    kept, now = file.read_text(encoding="utf-8"), _text(document, file)
    if kept != now:
        lines = difflib.unified_diff(
            kept.splitlines(), now.splitlines(), str(file), "the API as it is", lineterm=""
        )
        click.echo("\n".join(lines))
        raise click.exceptions.Exit(1)


def add_command(app: Flask) -> None:
    """Give an application the command."""
    if "openapi" not in app.cli.commands:
        app.cli.add_command(openapi)
