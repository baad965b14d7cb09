"""The signals of this room. The sender is the application; ``user`` comes along where one is named."""

from __future__ import annotations

import warnings
from typing import Any

from demijohn.signals import Namespace

_named = Namespace().signal

#: A user was logged in (``user``).
user_logged_in = _named("logged-in")
#: A user was logged out (``user``).
user_logged_out = _named("logged-out")
#: A user was found by the remember-me cookie (``user``).
user_loaded_from_cookie = _named("loaded-from-cookie")
#: A user was found by the request loader (``user``).
user_loaded_from_request = _named("loaded-from-request")
#: A login was confirmed, which makes it fresh.
user_login_confirmed = _named("login-confirmed")
#: Somebody has to log in first.
user_unauthorized = _named("unauthorized")
#: Somebody has to log in again, because the login is not fresh.
user_needs_refresh = _named("needs-refresh")
#: The request asked for the current user for the first time.
user_accessed = _named("accessed")
#: Session protection made a login stale, or ended it.
session_protected = _named("session-protected")
_user_loaded_from_header = _named("loaded-from-header")


def __getattr__(name: str) -> Any:
    if name != "user_loaded_from_header":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(
        "'user_loaded_from_header' is deprecated. Use a request loader and 'user_loaded_from_request'.",
        DeprecationWarning,
        stacklevel=2,
    )
    return _user_loaded_from_header
