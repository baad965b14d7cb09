"""``demijohn completion``: what a shell runs so that it completes this command's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion_command"]

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print what makes a shell complete this command.")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print a script for bash, zsh or fish; the shell completes subcommands and options once it has run it.

    \b
    bash:  eval "$(demijohn completion bash)"       in ~/.bashrc
    zsh:   eval "$(demijohn completion zsh)"        in ~/.zshrc
    fish:  demijohn completion fish | source        in ~/.config/fish/config.fish
    """
    root = ctx.find_root()
    name = root.info_name or ""
    if " " in name or not name:  # as in python -m demijohn
        name = "demijohn"
    made = get_completion_class(shell)
    assert made is not None
    variable = f"_{name.replace('-', '_').replace('.', '_')}_COMPLETE".upper()
    click.echo(made(root.command, {}, name, variable).source())
