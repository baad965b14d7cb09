"""The command that clears out expired sessions. This module must not know any particular store."""

from __future__ import annotations

import click

from demijohn.contexts.context import current
from demijohn.sessions.server_side.ports import Application


def add_commands(app: Application) -> None:
    """Give an application the command, under Flask-Session's name."""
    app.cli.command("session_cleanup")(session_cleanup)


def session_cleanup() -> None:
    """Remove expired sessions from their store."""
    removed = current.get().app.session_interface.store.clear_expired()
    click.echo(f"{removed} expired sessions were removed.")
