"""``--version``: the versions of what an application stands on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
import click

_DISTRIBUTIONS = {"Demijohn": "demijohn", "Flask": "flask", "Werkzeug": "werkzeug", "Granian": "granian"}


def get_version(ctx: click.Context, param: click.Parameter | None, value: bool) -> None:
    """Print the versions of Python, this package and the installed parts below it, and exit."""
    if not value or ctx.resilient_parsing:
        return
    lines = [f"Python {platform.python_version()}"]
    for label, distribution in _DISTRIBUTIONS.items():
        try:
            lines.append(f"{label} {version(distribution)}")
        except PackageNotFoundError:
            continue  # Flask is normally absent, Granian may be: nothing to say of them
    click.echo("\n".join(lines), color=ctx.color)
    ctx.exit()


version_option = click.Option(
    ["--version"],
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=get_version,
    help="Show the versions of Demijohn and of what it runs on.",
)
