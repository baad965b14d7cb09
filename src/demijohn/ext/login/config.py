"""What the settings are when an application does not set them: Flask-Login's values and names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

#: ``REMEMBER_COOKIE_NAME``.
COOKIE_NAME = "remember_token"
#: ``REMEMBER_COOKIE_DURATION``: how long a browser is remembered.
COOKIE_DURATION = timedelta(days=365)
#: ``REMEMBER_COOKIE_SECURE`` where the cookie does not go by the session's (``policy.remember_as_session``).
COOKIE_SECURE = False
#: ``REMEMBER_COOKIE_HTTPONLY``.
COOKIE_HTTPONLY = True
#: ``REMEMBER_COOKIE_SAMESITE`` likewise.
COOKIE_SAMESITE: str | None = None
#: ``LoginManager.login_message`` and its category.
LOGIN_MESSAGE, LOGIN_MESSAGE_CATEGORY = "Please log in to access this page.", "message"
#: ``LoginManager.needs_refresh_message`` and its category.
REFRESH_MESSAGE, REFRESH_MESSAGE_CATEGORY = "Please reauthenticate to access this page.", "message"
#: ``LoginManager.id_attribute``: the method of a user that returns its identifier.
ID_ATTRIBUTE = "get_id"
#: ``AUTH_HEADER_NAME``: the header field that a header loader is given.
AUTH_HEADER_NAME = "Authorization"
#: Of which kinds these settings, and those without a default here, can be.
KINDS: Any = {
    "REMEMBER_COOKIE_NAME": "text",
    "REMEMBER_COOKIE_DOMAIN": "text",
    "REMEMBER_COOKIE_PATH": "text",
    "REMEMBER_COOKIE_DURATION": "time",
    "REMEMBER_COOKIE_SECURE": "flag",
    "REMEMBER_COOKIE_HTTPONLY": "flag",
    "REMEMBER_COOKIE_SAMESITE": "samesite",
    "REMEMBER_COOKIE_REFRESH_EACH_REQUEST": "flag",
    "SESSION_PROTECTION": (lambda value: value in ("basic", "strong"), "'basic', 'strong' or None"),
    "AUTH_HEADER_NAME": "text",
    "LOGIN_DISABLED": "flag",
    "USE_SESSION_FOR_NEXT": "flag",
}
#: What this room keeps in the session.
SESSION_KEYS = {"_user_id", "_remember", "_remember_seconds", "_id", "_fresh", "next"}
#: HTTP methods that need no login: a CORS preflight has no cookies (Fetch standard, 4.8).
EXEMPT_METHODS = {"OPTIONS"}
#: ``USE_SESSION_FOR_NEXT``: the page asked for is kept in the session, not in the login page's URL.
USE_SESSION_FOR_NEXT = False
