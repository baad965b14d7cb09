"""What the settings are when an application does not set them: Flask-Login's values and names."""

from __future__ import annotations

from datetime import timedelta

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
#: What this room keeps in the session.
SESSION_KEYS = {"_user_id", "_remember", "_remember_seconds", "_id", "_fresh", "next"}
#: HTTP methods that need no login: a CORS preflight has no cookies (Fetch standard, 4.8).
EXEMPT_METHODS = {"OPTIONS"}
#: ``USE_SESSION_FOR_NEXT``: the page asked for is kept in the session, not in the login page's URL.
USE_SESSION_FOR_NEXT = False
