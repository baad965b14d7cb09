"""The commands of mounted applications: ``demijohn old db upgrade`` runs that of what is mounted as ``old``."""

from __future__ import annotations

from typing import Any

import click

from demijohn.cli.loading import ScriptInfo
from demijohn.cli.ports import Application
from demijohn.setup.mounting import Mount

__all__ = ["mounted_commands"]


def mounted_commands(app: Application, name: str) -> click.Group | None:
    """The commands of what is mounted in an application as ``name``; None where there are none."""
    mount: Mount | None = getattr(app, "mounts", {}).get(name)  # of Flask itself, none
    if mount is None or not hasattr(mount.guest, "app_context"):
        return None
    own = getattr(mount.guest, "cli", None)
    return MountGroup(mount, own) if hasattr(own, "get_command") else None


class MountGroup(click.Group):
    """The commands of one mounted application, which is the current one for them.

    :param mount: Where it is mounted.
    :param own: Its commands.
    """

    def __init__(self, mount: Mount, own: Any) -> None:
        super().__init__(mount.name, help=f"The commands of the application mounted at {mount.prefix}.")
        self.mount = mount
        self.own = own

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As Click's, with a script information that knows this application."""
        if self.mount.ours:
            extra["obj"] = ScriptInfo(create_app=lambda: self.mount.guest)
        return super().make_context(info_name, args, parent=parent, **extra)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of the application, or of one that is mounted in it."""
        ctx.with_resource(self.mount.guest.app_context())
        found: click.Command | None = self.own.get_command(ctx, cmd_name)
        return mounted_commands(self.mount.guest, cmd_name) if found is None else found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        guest = self.mount.guest
        below = [name for name in getattr(guest, "mounts", {}) if mounted_commands(guest, name) is not None]
        return sorted({*self.own.list_commands(ctx), *below})
