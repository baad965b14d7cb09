"""What the commands ask of the application above."""

from __future__ import annotations

from typing import Any, Protocol

import click

from demijohn.contexts.context import AppContext
from demijohn.devserver import ports
from demijohn.routing import Map

__all__ = ["Application"]


class Application(ports.Application, Protocol):
    """An application, as far as the ``demijohn`` command goes."""

    import_name: str
    instance_path: str
    url_map: Map

    @property
    def cli(self) -> click.Group:
        """The group of its own commands."""
        ...

    def app_context(self) -> AppContext:
        """A context that makes it current."""
        ...

    def make_shell_context(self) -> dict[str, Any]:
        """The names known in its shell."""
        ...
