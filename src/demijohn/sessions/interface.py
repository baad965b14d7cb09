"""What a way of keeping sessions has to implement: exchange it with ``app.session_interface``.

This module must not know of any particular store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from demijohn.contexts.context import current
from demijohn.contexts.ports import Application
from demijohn.sessions.session import NullSession, SessionMixin
from demijohn.wrappers.request import Request, decoded
from demijohn.wrappers.response import Response

__all__ = ["SessionInterface"]


class SessionInterface:
    """Opens the session of a request and saves it with the response.

    A subclass implements :meth:`open_session` and :meth:`save_session`; the other methods read the
    application's settings for it. What ``open_session`` returns must behave as a dictionary and
    have the attributes of :class:`SessionMixin`. Requests of one session may be handled at the same
    time, in any order: where that matters, the store has to synchronize.
    """

    #: What :meth:`make_null_session` makes and :meth:`is_null_session` looks for.
    null_session_class: type[Any] = NullSession

    #: Whether sessions are pickled, for extensions that have to know.
    pickle_based = False

    def make_null_session(self, app: Application) -> Any:
        """The session used when :meth:`open_session` returns None: reads as empty, refuses writes."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Whether ``obj`` came from :meth:`make_null_session`; such a session is not saved."""
        return isinstance(obj, self.null_session_class)

    def get_cookie_name(self, app: Application) -> str:
        """The cookie's name: ``SESSION_COOKIE_NAME``."""
        name: str = app.config["SESSION_COOKIE_NAME"]
        return name

    def get_cookie_domain(self, app: Application) -> str | None:
        """The domain whose hosts all get the cookie, or None for this host only.

        From ``SESSION_COOKIE_DOMAIN``; never from ``SERVER_NAME``.
        """
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    def get_cookie_path(self, app: Application) -> str:
        """The path below which the cookie is sent: ``SESSION_COOKIE_PATH`` or ``APPLICATION_ROOT``.

        Where neither says anything, that of a mounted application is what stands before its paths, so that it keeps
        no cookie of the applications around it from their own.
        """
        said: str | None = app.config["SESSION_COOKIE_PATH"]
        path: str = app.config["APPLICATION_ROOT"]
        if app.is_mounted and not said and path == "/":
            environ = getattr(current.get(None), "environ", None)
            if environ is not None:
                return decoded(environ.get("SCRIPT_NAME") or "") or path
        return said or path

    def get_cookie_httponly(self, app: Application) -> bool:
        """Whether scripts are kept from the cookie: ``SESSION_COOKIE_HTTPONLY``."""
        httponly: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return httponly

    def get_cookie_secure(self, app: Application) -> bool:
        """Whether the cookie is only sent over HTTPS: ``SESSION_COOKIE_SECURE``.

        When that is ``"auto"``, it is, except for a request over plain HTTP to a loopback host,
        which is how an application is run while it is written.
        """
        secure: Any = app.config["SESSION_COOKIE_SECURE"]
        if secure == "auto":
            environ = getattr(current.get(None), "environ", None)
            if environ is None or environ.get("wsgi.url_scheme") == "https":
                return True
            return not _names_loopback(environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "")
        return bool(secure)

    def get_cookie_samesite(self, app: Application) -> str | None:
        """``"Strict"``, ``"Lax"``, ``"None"``, or None to leave it to the browser.

        From ``SESSION_COOKIE_SAMESITE``.
        """
        samesite: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return samesite

    def get_cookie_partitioned(self, app: Application) -> bool:
        """Whether each embedding site gets a cookie of its own: ``SESSION_COOKIE_PARTITIONED``."""
        partitioned: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return partitioned

    def get_expiration_time(self, app: Application, session: SessionMixin) -> datetime | None:
        """When the cookie ends: after the application's lifetime if permanent, else with the browser."""
        if not session.permanent:
            return None
        expires: datetime = datetime.now(UTC) + app.permanent_session_lifetime
        return expires

    def should_set_cookie(self, app: Application, session: SessionMixin) -> bool:
        """Whether the response needs the cookie: the session was changed, or lives from use to use.

        The latter is a permanent session with ``SESSION_REFRESH_EACH_REQUEST``.
        """
        return bool(session.modified or (session.permanent and app.config["SESSION_REFRESH_EACH_REQUEST"]))

    def open_session(self, app: Any, request: Request) -> Any:
        """The session of ``request``, or None for :meth:`make_null_session`'s."""
        raise NotImplementedError

    def save_session(self, app: Any, session: Any, response: Response) -> None:
        """Store ``session``, and put on ``response`` what will bring it back. Not for null sessions."""
        raise NotImplementedError


@lru_cache(maxsize=64)
def _names_loopback(host: str) -> bool:
    """Whether a Host header means this machine: localhost, 127.0.0.0/8 or ::1 (RFC 6761, 6890)."""
    if host.startswith("["):
        return host.partition("]")[0] == "[::1"
    name = host.partition(":")[0].rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    parts = name.split(".")
    return parts[0] == "127" and len(parts) == 4 and all(part.isdecimal() for part in parts)
