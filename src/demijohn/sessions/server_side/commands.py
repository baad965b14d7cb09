"""The command that clears out expired sessions. This module must not know any particular store."""

from __future__ import annotations

from typing import Any

import click

from demijohn.contexts.context import current


def add_commands(app: Any) -> None:
    """Give an application the command, under Flask-Session's name."""
    app.cli.command("session_cleanup")(session_cleanup)


def session_cleanup() -> None:
    """Remove expired sessions from their store."""
    removed = current.get().app.session_interface.store.clear_expired()
    click.echo(f"{removed} expired sessions were removed.")
