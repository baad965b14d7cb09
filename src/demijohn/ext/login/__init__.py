"""Who is logged in: Flask-Login's interface, for sync and async code.

    login = LoginManager[User](app)
    login.login_view = "sign_in"

    @login.user_loader
    def find_user(user_id: str) -> User | None:          # or: async def
        return db.session.get(User, int(user_id))

    @app.post("/sign-in")
    def sign_in():
        user = find_by_name(request.form["name"])
        if not passwords.verify(user.password if user else None, request.form["password"]):
            abort(403)                                   # as late for a name that nobody has
        login_user(user, remember=True)
        return redirect_to_next(url_for("index"))        # only within this site

    @app.get("/cellar")
    @login_required
    def cellar():
        return f"The cellar of {login.current_user.name}"   # current_user, typed as User

A session kept on the server gets a new identifier at login and logout. This room finds users and keeps
them logged in; where they are stored, and forms to log in with, are the application's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demijohn.ext.login import signals
from demijohn.ext.login.__about__ import __version__
from demijohn.ext.login.config import (
    AUTH_HEADER_NAME, COOKIE_DURATION, COOKIE_HTTPONLY, COOKIE_NAME, COOKIE_SECURE, ID_ATTRIBUTE, LOGIN_MESSAGE,
    LOGIN_MESSAGE_CATEGORY, REFRESH_MESSAGE, REFRESH_MESSAGE_CATEGORY,
)  # fmt: skip
from demijohn.ext.login.login_manager import LoginManager
from demijohn.ext.login.mixins import AnonymousUserMixin, UserMixin
from demijohn.ext.login.next_page import login_url, make_next_param, redirect_to_next
from demijohn.ext.login.passwords import PasswordHasher
from demijohn.ext.login.remember import decode_cookie, encode_cookie
from demijohn.ext.login.signals import (
    session_protected, user_accessed, user_loaded_from_cookie, user_loaded_from_request, user_logged_in,
    user_logged_out, user_login_confirmed, user_needs_refresh, user_unauthorized,
)  # fmt: skip
from demijohn.ext.login.utils import (
    confirm_login, current_user, fresh_login_required, login_fresh, login_remembered, login_required, login_user,
    logout_user, set_login_view,
)  # fmt: skip
from demijohn.extend import later

if TYPE_CHECKING:
    from demijohn.ext.login import test_client
else:
    test_client = later("demijohn.ext.login.test_client")  # 60 % of an import of Flask; only tests ask for it

__all__ = [
    "AUTH_HEADER_NAME", "AnonymousUserMixin", "COOKIE_DURATION", "COOKIE_HTTPONLY", "COOKIE_NAME", "COOKIE_SECURE",
    "FlaskLoginClient", "ID_ATTRIBUTE", "LOGIN_MESSAGE", "LOGIN_MESSAGE_CATEGORY", "LoginManager",
    "PasswordHasher", "REFRESH_MESSAGE", "REFRESH_MESSAGE_CATEGORY", "UserMixin", "__version__", "confirm_login",
    "current_user", "decode_cookie", "encode_cookie", "fresh_login_required", "login_fresh", "login_remembered",
    "login_required", "login_url", "login_user", "logout_user", "make_next_param", "redirect_to_next",
    "session_protected", "set_login_view", "user_accessed", "user_loaded_from_cookie", "user_loaded_from_request",
    "user_logged_in", "user_logged_out", "user_login_confirmed", "user_needs_refresh", "user_unauthorized",
]  # fmt: skip

#: A class of test clients that are logged in from the start.
FlaskLoginClient: type[test_client.FlaskLoginClient]


def __getattr__(name: str) -> Any:
    if name == "FlaskLoginClient":
        return test_client.FlaskLoginClient
    if name == "user_loaded_from_header":
        return getattr(signals, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
