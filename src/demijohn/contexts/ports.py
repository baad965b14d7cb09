"""What contexts, and all that finds its application through them, ask of the application above.

A port is a ``Protocol``: the application is checked against it where the two meet, and a floor below can
be read, typed and tested without it. What an application keeps in a descriptor (a setting, a value made when
it is asked for) is read-only here and of any type, because one of the type checkers looks at the descriptor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from werkzeug.exceptions import Aborter
from werkzeug.routing import Map
from werkzeug.wrappers import Request

from demijohn.config import Config
from demijohn.contexts.way import Way
from demijohn.json.provider import JSONProvider
from demijohn.policy import Policy

__all__ = ["Application"]


class Application(Protocol):
    """An application, as far as wrappers, sessions, templates and logging go."""

    config: Config
    #: How JSON is read and written.
    json: JSONProvider
    policy: Policy
    #: Makes the exceptions of ``abort``.
    aborter: Aborter
    root_path: str
    #: Opens and saves sessions; any object with the methods of :class:`~demijohn.sessions.SessionInterface`.
    session_interface: Any
    #: What is told of a template before it is streamed.
    template_streams: list[Callable[[Any], None]]
    request_class: type[Any]
    response_class: type[Any]
    app_ctx_globals_class: type[Any]

    @property
    def is_mounted(self) -> bool:
        """Whether it is mounted in another application."""
        ...

    @property
    def _way(self) -> Way | None:
        """What it is for a request, once that is settled; see :meth:`settle`."""
        ...

    def own_setting(self, name: str) -> Any:
        """A setting that Flask does not have, or its default."""
        ...

    def settle(self) -> Way:
        """Make the way anew: what the application is for a request, from all that it has now."""
        ...

    def wrap_receiver(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """An async receiver of a signal in a form that sync code can call."""
        ...

    @property
    def url_map(self) -> Map:
        """Every rule."""
        ...

    @property
    def debug(self) -> bool:
        """Whether debug mode is on."""
        ...

    @property
    def testing(self) -> Any:
        """A bool: whether errors are raised rather than answered."""
        ...

    @property
    def name(self) -> Any:
        """A str: the application's name, which its logger has too."""
        ...

    @property
    def logger(self) -> Any:
        """A :class:`logging.Logger`: where the application logs."""
        ...

    @property
    def secret_key(self) -> Any:
        """Text, bytes or None: what sessions are signed with."""
        ...

    @property
    def permanent_session_lifetime(self) -> Any:
        """A timedelta: how long a permanent session lives."""
        ...

    @property
    def jinja_env(self) -> Any:
        """A :class:`jinja2.Environment`."""
        ...

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors return."""
        ...

    def create_url_adapter(self, request: Request | None) -> Any:
        """Werkzeug's matcher and builder for a request, or outside of one."""
        ...

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds a file may be cached."""
        ...

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` in a form that sync code can call."""
        ...

    def do_teardown_appcontext(self, exc: BaseException | None = ...) -> None:
        """Run the teardown functions of the application context."""
        ...
