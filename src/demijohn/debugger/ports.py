"""What the debugger asks of the application whose errors it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from demijohn.contexts.context import RequestContext
from demijohn.dispatch import ports
from demijohn.templating import Templated

__all__ = ["Application"]


class Application(ports.Application, Protocol):
    """An application, as far as showing its errors goes."""

    #: Makes the answer to an error in debug mode.
    debug_page: Callable[[Any, RequestContext, Exception], Any] | None
    #: What extensions keep.
    extensions: dict[str, Any]

    @property
    def debug(self) -> bool:
        """Whether debug mode is on."""
        ...

    @property
    def jinja_loader(self) -> Any:
        """A :class:`jinja2.BaseLoader`, or None for no folder."""
        ...

    def iter_blueprints(self) -> Iterable[Templated]:
        """All blueprints, in the order they were registered."""
        ...

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Run the teardown functions of the application context."""
        ...
