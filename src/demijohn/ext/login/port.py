"""What the functions of this room ask of the login manager of the current application.

:class:`~demijohn.ext.login.LoginManager` stands above them and is checked against it where the two meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Manager"]


class Manager(Protocol):
    """A login manager, as far as logging in and out and guarding views go."""

    id_attribute: str
    login_view: str | None
    blueprint_login_views: dict[str | None, str | None]
    #: What a session is bound to.
    _session_identifier_generator: Callable[[], str]

    def unauthorized(self) -> Any:
        """The response for somebody who has to log in."""
        ...

    def needs_refresh(self) -> Any:
        """The response for somebody who has to show again who they are."""
        ...

    async def load_user(self) -> Any:
        """Find the current user without blocking the event loop."""
        ...

    def _is_user_known(self) -> bool:
        """Whether the user of this request was found, or found to be nobody."""
        ...

    def _load_user(self) -> None:
        """Find the user of this request."""
        ...

    def _update_request_context_with_user(self, user: object = ...) -> None:
        """Make somebody the user of this request, by default nobody."""
        ...

    def _arrange_cookie(self) -> None:
        """Have the remember-me cookie set or deleted at the end of this request."""
        ...
