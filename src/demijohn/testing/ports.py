"""What the test clients ask of the application above."""

from __future__ import annotations

from typing import Any, Protocol

from demijohn.cli import ports as cli_ports
from demijohn.contexts import ports as contexts_ports
from demijohn.contexts.context import RequestContext

__all__ = ["Application"]


class Application(cli_ports.Application, contexts_ports.Application, Protocol):
    """An application under test."""

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """A context for a request made up from the arguments of ``EnvironBuilder``."""
        ...
