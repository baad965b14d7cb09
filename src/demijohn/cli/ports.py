"""What the commands ask of the application above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from werkzeug.routing import Map

from demijohn.contexts import ports as contexts
from demijohn.contexts.context import AppContext
from demijohn.devserver import ports
from demijohn.setup.checks import Diagnosis, Finding
from demijohn.setup.lifecycle import Lifecycle
from demijohn.setup.mounting import Mount

__all__ = ["Application"]


class Application(ports.Application, contexts.Application, Protocol):
    """An application, as far as the ``demijohn`` command goes."""

    import_name: str
    instance_path: str

    @property
    def url_map(self) -> Map:
        """Every rule."""
        ...

    @property
    def cli(self) -> Any:
        """A :class:`click.Group`: its own commands."""
        ...

    #: The applications that are mounted in it.
    mounts: dict[str, Mount]
    #: State of extensions, by the extension's name.
    extensions: dict[str, Any]
    #: What finds out about it besides what the command looks at itself.
    checks: list[Callable[[Any], Iterable[Finding]]]
    #: What says how something is that it needs.
    diagnoses: list[Callable[[Any], Iterable[Diagnosis]]]
    #: What says who may call a route and how often.
    route_notes: list[Callable[[Any, Any], Mapping[str, str]]]
    readiness_checks: dict[str, Callable[[], Any]]
    view_functions: dict[str, Callable[..., Any]]
    default_config: Any

    @property
    def lifecycle(self) -> Lifecycle:
        """Its start and stop."""
        ...

    @property
    def static_folder(self) -> Any:
        """The path of its static files, or None."""
        ...

    def iter_blueprints(self) -> Iterable[Any]:
        """All blueprints."""
        ...

    def app_context(self) -> AppContext:
        """A context that makes it current."""
        ...

    def make_shell_context(self) -> dict[str, Any]:
        """The names known in its shell."""
        ...
