"""Logging in and out, the current user, and the decorators that ask for one.

COMPAT: the module has Flask-Login's name, because applications import from it, and because their tests
replace ``_get_user`` in it: everything here asks that for the current user. This module must not know
how a user is found; that is the login manager's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha512
from typing import Any, TypeVar, cast

from werkzeug.local import LocalProxy

from demijohn import Blueprint, current_app, g, has_request_context, request, session
from demijohn.ext.login.config import COOKIE_NAME, EXEMPT_METHODS
from demijohn.ext.login.next_page import expand_login_view, login_url, make_next_param
from demijohn.ext.login.port import Manager
from demijohn.ext.login.remember import _cookie_digest, _secret_key, decode_cookie, encode_cookie
from demijohn.ext.login.signals import (
    user_accessed, user_logged_in, user_logged_out, user_login_confirmed,
)  # fmt: skip
from demijohn.extend import current_application, is_async, send_signal

__all__ = [
    "_cookie_digest", "_create_identifier", "_get_remote_addr", "_get_user", "_secret_key",
    "_user_context_processor", "confirm_login", "current_user", "decode_cookie", "encode_cookie",
    "expand_login_view", "fresh_login_required", "login_fresh", "login_remembered", "login_required",
    "login_url", "login_user", "logout_user", "make_next_param", "set_login_view",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])

#: The user of the current request; ``LoginManager[User].current_user`` is the same with its type.
current_user: Any = LocalProxy(lambda: _get_user())  # noqa: PLW0108 (looked up at each use)


def _manager() -> Manager:
    app: Any = current_app
    try:
        manager: Manager = app.login_manager
    except AttributeError:
        raise AttributeError(
            f"The application {current_app.name!r} has no attribute 'login_manager': call"
            " LoginManager(app), or init_app(app) of the one there is."
        ) from None
    return manager


def _get_user() -> Any:
    """The user of the current request, found now if this is the first time; None outside of requests."""
    if not has_request_context():
        return None
    manager = _manager()
    if not manager._is_user_known():
        manager._load_user()
    namespace: Any = g._get_current_object()
    if "_login_unseen" in namespace:
        # It was found ahead for async code. Only now does the response depend on who asks.
        namespace.pop("_login_unseen").accessed = True
        send_signal(user_accessed, current_application())
    return namespace._login_user


def _user_context_processor() -> dict[str, Any]:
    return {"current_user": _get_user()}


# Logging in and out.


def login_user(
    user: Any,
    remember: bool = False,
    duration: timedelta | None = None,
    force: bool = False,
    fresh: bool = True,
) -> bool:
    """Make somebody the current user of this browser. A session that has an identifier gets a new one.

    :param user: The user, an object of the application's class.
    :param remember: Let the browser remember the user beyond the session.
    :param duration: For how long; ``REMEMBER_COOKIE_DURATION`` by default.
    :param force: Log in a user that is not active, too.
    :param fresh: Whether the user has just shown who they are.
    :returns: False when the user is not active, and so was not logged in.
    """
    if not (force or user.is_active):
        return False
    manager = _manager()
    _renew_session()
    session.update(
        _user_id=getattr(user, manager.id_attribute)(),
        _fresh=fresh,
        _id=manager._session_identifier_generator(),
    )
    if remember:
        session["_remember"] = "set"
        if duration is not None:
            if not isinstance(duration, timedelta):
                raise TypeError(f"duration must be a datetime.timedelta, instead got: {duration}")
            session["_remember_seconds"] = duration.total_seconds()
        manager._arrange_cookie()
    manager._update_request_context_with_user(user)
    send_signal(user_logged_in, current_application(), user=_get_user())
    return True


def logout_user() -> bool:
    """Log the current user out and forget the browser; a session with an identifier gets a new one.

    What the application itself keeps in the session stays: ``session.clear()`` drops it too.

    :returns: True.
    """
    manager = _manager()
    user = _get_user()
    for key in ("_user_id", "_fresh", "_id"):
        session.pop(key, None) if key in session else None
    _renew_session()
    if current_app.config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME) in request.cookies:
        session["_remember"] = "clear"
        session.pop("_remember_seconds", None)
        manager._arrange_cookie()
    send_signal(user_logged_out, current_application(), user=user)
    manager._update_request_context_with_user()
    return True


def confirm_login() -> None:
    """Make the login fresh: the user has just shown again who they are."""
    _renew_session()
    session.update(_fresh=True, _id=_manager()._session_identifier_generator())
    send_signal(user_login_confirmed, current_application())


def _renew_session() -> None:
    """Give a session that is kept on the server a new identifier; the old one is dead."""
    regenerate = getattr(session, "regenerate", None)
    if regenerate is not None:
        regenerate()


def login_fresh() -> bool:
    """Whether the user logged in during this session, rather than being remembered."""
    fresh: bool = session.get("_fresh", False)
    return fresh


def login_remembered() -> bool:
    """Whether the browser has a valid remember-me cookie."""
    cookie = request.cookies.get(current_app.config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME))
    if cookie is None or session.get("_remember") == "clear":
        return False
    return decode_cookie(cookie) is not None


def set_login_view(login_view: str, blueprint: Blueprint | None = None) -> None:
    """Name the login page of the application, or of one blueprint.

    :param login_view: Endpoint or URL.
    :param blueprint: The blueprint; None for the application.
    """
    manager = _manager()
    views = manager.blueprint_login_views
    if blueprint is None and not views:
        manager.login_view = login_view
        return
    views[None if blueprint is None else blueprint.name] = login_view
    if manager.login_view is not None:
        views.setdefault(None, manager.login_view)
        manager.login_view = None


# Views that need a login.


def _needs_no_login() -> bool:
    return request.method in EXEMPT_METHODS or bool(current_app.config.get("LOGIN_DISABLED"))


def _refusal(fresh: bool) -> Any:
    """What is answered instead of the view; None when the view may answer."""
    if not current_user.is_authenticated:
        return _manager().unauthorized()
    if fresh and not login_fresh():
        return _manager().needs_refresh()
    return None


def _guarded(view: F, fresh: bool) -> F:
    if is_async(view):

        @wraps(view)
        async def guarded_async(*args: Any, **kwargs: Any) -> Any:
            if not _needs_no_login():
                await _manager().load_user()
                refusal = _refusal(fresh)
                if refusal is not None:
                    return await refusal if isinstance(refusal, Awaitable) else refusal
            return await view(*args, **kwargs)

        return cast(F, _marked(guarded_async, fresh))

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        refusal = None if _needs_no_login() else _refusal(fresh)
        return view(*args, **kwargs) if refusal is None else refusal

    return cast(F, _marked(guarded, fresh))


#: On a guarded view: what is asked of a user. Decorators that are written on it hand it on.
ASKED = "__login_asked__"


def asked_of_users(rule: object, view: object) -> dict[str, str]:
    """What ``demijohn routes`` shows of a view."""
    asked = getattr(view, ASKED, None)
    return {"auth": asked} if isinstance(asked, str) else {}


def _marked(guarded: Any, fresh: bool) -> Any:
    setattr(guarded, ASKED, "fresh login" if fresh else "login")
    return guarded


def login_required(func: F) -> F:
    """Let only users who are logged in reach a view, sync or async; put it below the route::

        @app.get("/cellar")
        @login_required
        def cellar(): ...

    Others get :meth:`LoginManager.unauthorized`. OPTIONS requests pass, and with ``LOGIN_DISABLED``
    (for tests) everybody.
    """
    return _guarded(func, fresh=False)


def fresh_login_required(func: F) -> F:
    """Let only users reach a view who logged in during this session.

    A user who was remembered gets :meth:`LoginManager.needs_refresh`; otherwise as
    :func:`login_required`.
    """
    return _guarded(func, fresh=True)


# What a session is bound to.


def _get_remote_addr() -> bytes | None:
    address = request.remote_addr
    if not current_app.policy.trusted_peer_address:
        # As Flask-Login: whoever sends the header chooses.
        address = request.headers.get("X-Forwarded-For", address)
    return None if address is None else address.encode().split(b",")[0].strip()


def _create_identifier() -> str:
    agent = request.headers.get("User-Agent")
    # The representations of bytes are what Flask-Login hashes: the two know each other's sessions.
    base = f"{_get_remote_addr()!r}|{None if agent is None else agent.encode()!r}"
    return sha512(base.encode()).hexdigest()
