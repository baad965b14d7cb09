"""The extension object: its settings, how the user of a request is found, and who is sent away.

A user is found once per request, when first asked for: by the session, else by the remember-me cookie,
the request loader or the header loader. The search is written once, as a generator that yields the calls
of loaders; threads and coroutines make these calls in their own ways.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, timedelta
from datetime import datetime as _datetime
from typing import TYPE_CHECKING, Any, Generic, cast
from weakref import WeakSet

from demijohn import (
    Flask, Response, abort, after_this_request, current_app, flash, g, has_app_context, redirect, request,
    session,
)  # fmt: skip
from demijohn.ext.login import signals, utils
from demijohn.ext.login.config import (
    AUTH_HEADER_NAME, COOKIE_DURATION, COOKIE_NAME, ID_ATTRIBUTE, KINDS, LOGIN_MESSAGE, LOGIN_MESSAGE_CATEGORY,
    REFRESH_MESSAGE, REFRESH_MESSAGE_CATEGORY, SESSION_KEYS, USE_SESSION_FOR_NEXT,
)  # fmt: skip
from demijohn.ext.login.loading import call_here
from demijohn.ext.login.mixins import AnonymousUserMixin
from demijohn.ext.login.next_page import expand_login_view, login_url, make_next_param
from demijohn.ext.login.port import Manager
from demijohn.ext.login.remember import cookie_attributes, decode_cookie, encode_cookie
from demijohn.extend import (
    call, current_application, current_request, current_session, expect_settings, may_await, nonblocking, send_signal,
    unproxied,
)  # fmt: skip

if TYPE_CHECKING:  # a type checker brings it; at run time nothing but the name is needed
    from typing_extensions import TypeVar

    U = TypeVar("U", default=Any)
    C = TypeVar("C", bound=Callable[..., Any])
else:
    from typing import TypeVar

    U = TypeVar("U")
    C = TypeVar("C")

#: A call of a loader: the loader and its argument.
_Call = tuple[Callable[[Any], Any], Any]


class datetime(_datetime):
    """COMPAT: tests stop the clock by replacing this name, and ask ``utcnow``, which Python deprecates."""

    @classmethod
    def utcnow(cls) -> datetime:
        """The time in UTC, without saying so."""
        return cls.now(UTC).replace(tzinfo=None)


class LoginManager(Generic[U]):
    """Finds the user of each request; ``LoginManager[User]`` knows the application's class of users.

    :param app: The application; or call :meth:`init_app` later. One object may serve several.
    :param add_context_processor: Let templates see ``current_user``.
    """

    def __init__(self, app: Flask | None = None, add_context_processor: bool = True) -> None:
        #: Makes the current user where nobody is logged in.
        self.anonymous_user: Callable[[], Any] = AnonymousUserMixin
        #: Endpoint or URL of the login page; None for a plain 401.
        self.login_view: str | None = None
        #: The same by blueprint; a blueprint without one uses :attr:`login_view`.
        self.blueprint_login_views: dict[str | None, str | None] = {}
        #: Flashed to who is sent to the login page; None for nothing.
        self.login_message: Any = LOGIN_MESSAGE
        self.login_message_category = LOGIN_MESSAGE_CATEGORY
        #: Endpoint or URL of the page where one shows again who one is; None for a plain 401.
        self.refresh_view: str | None = None
        #: Flashed to who is sent there; None for nothing.
        self.needs_refresh_message: Any = REFRESH_MESSAGE
        self.needs_refresh_message_category = REFRESH_MESSAGE_CATEGORY
        #: What happens to a session that comes from another address or browser than it was made
        #: for: "basic" makes its login stale, "strong" ends it, None does nothing.
        self.session_protection: str | None = "basic"
        #: Translates the two messages.
        self.localize_callback: Callable[[Any], Any] | None = None
        self.unauthorized_callback: Callable[[], Any] | None = None
        self.needs_refresh_callback: Callable[[], Any] | None = None
        #: The method of a user that returns its identifier.
        self.id_attribute = ID_ATTRIBUTE
        self._user_callback: Callable[[str], Any] | None = None
        self._header_callback: Callable[[str], Any] | None = None
        self._request_callback: Callable[[Any], Any] | None = None
        self._session_identifier_generator: Callable[[], str] = utils._create_identifier
        self._apps: WeakSet[Flask] = WeakSet()
        self._looking_ahead: WeakSet[Flask] = WeakSet()
        #: The applications whose every response is looked at for the remember-me cookie.
        self._remembering: WeakSet[Flask] = WeakSet()
        if app is not None:
            self.init_app(app, add_context_processor)

    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:
        """Make this the login manager of an application.

        :param app: The application, which gets an attribute ``login_manager``.
        :param add_context_processor: Let templates see ``current_user``.
        """
        app = unproxied(app)
        expect_settings(app, **KINDS)
        known: Manager = self
        cast(Any, app).login_manager = known
        if not app.policy.remember_on_demand:
            self._remembering.add(app)
            app.after_request(self._update_remember_cookie)
        if add_context_processor:
            app.context_processor(utils._user_context_processor)
        self._apps.add(app)
        self._look_ahead_if_async()

    def setup_app(self, app: Flask, add_context_processor: bool = True) -> None:
        """The old name of :meth:`init_app`."""
        _deprecate("setup_app", "init_app")
        self.init_app(app, add_context_processor)

    # Loaders and handlers.

    def user_loader(self, callback: C) -> C:
        """Register what finds a user by the identifier in the session: the user, or None.

        :param callback: Takes the identifier. It may be async; then the user is known before an
            async view begins.
        """
        self._user_callback = callback
        self._look_ahead_if_async()
        return callback

    @property
    def user_callback(self) -> Callable[[str], Any] | None:
        """What :meth:`user_loader` registered."""
        return self._user_callback

    def request_loader(self, callback: C) -> C:
        """Register what finds a user by the request, an API key say, where the session has none.

        :param callback: Takes the request; sync or async.
        """
        self._request_callback = callback
        self._look_ahead_if_async()
        return callback

    @property
    def request_callback(self) -> Callable[[Any], Any] | None:
        """What :meth:`request_loader` registered."""
        return self._request_callback

    def header_loader(self, callback: C) -> C:
        """Register what finds a user by the field ``AUTH_HEADER_NAME``; a request loader does it better."""
        _deprecate("header_loader", "request_loader")
        self._header_callback = callback
        return callback

    def unauthorized_handler(self, callback: C) -> C:
        """Register what :meth:`unauthorized` returns."""
        self.unauthorized_callback = callback
        return callback

    def needs_refresh_handler(self, callback: C) -> C:
        """Register what :meth:`needs_refresh` returns."""
        self.needs_refresh_callback = callback
        return callback

    # Who is sent away.

    def unauthorized(self) -> Any:
        """The response for somebody who has to log in: return it from a view or a hook.

        It is what the :meth:`unauthorized_handler` returns; else a redirect to the login page with a
        flashed message, the page asked for in ``next``; without a login page, 401.
        """
        send_signal(signals.user_unauthorized, current_application())
        if self.unauthorized_callback is not None:
            return self.unauthorized_callback()
        view = self.blueprint_login_views.get(request.blueprint) or self.login_view
        return self._send_to(view, self.login_message, self.login_message_category)

    def needs_refresh(self) -> Any:
        """The response for somebody who has to show again who they are; as :meth:`unauthorized`."""
        send_signal(signals.user_needs_refresh, current_application())
        if self.needs_refresh_callback is not None:
            return self.needs_refresh_callback()
        return self._send_to(
            self.refresh_view, self.needs_refresh_message, self.needs_refresh_message_category
        )

    def _send_to(self, view: str | None, message: str | None, category: str) -> Any:
        if not view:
            abort(401)
        if message:
            localize = self.localize_callback
            flash(message if localize is None else localize(message), category=category)
        if not current_app.config.get("USE_SESSION_FOR_NEXT", USE_SESSION_FOR_NEXT):
            return redirect(login_url(view, next_url=request.url))
        session["_id"] = self._session_identifier_generator()
        session["next"] = make_next_param(expand_login_view(view), request.url)
        return redirect(login_url(view))

    # The current user.

    @property
    def current_user(self) -> U:
        """The current user, with its type; where nobody is logged in, :attr:`anonymous_user`'s."""
        return cast(U, utils.current_user)

    def get_user(self) -> U | None:
        """The current user, or None where nobody is logged in."""
        user = utils._get_user()
        return cast(U, user) if user is not None and user.is_authenticated else None

    async def load_user(self) -> U | None:
        """Find the current user without blocking the event loop, so that ``current_user`` is known.

        A sync loader is called in a thread.

        :returns: The user, or None where nobody is logged in.
        """
        if not self._is_user_known():
            await self._load_user_async()
        return self.get_user()

    def _update_request_context_with_user(self, user: object = None) -> None:
        """Make ``user`` the current one of this request; the anonymous one by default."""
        g._login_user = self.anonymous_user() if user is None else user
        g.pop("_login_unseen", None)
        g._login_request = current_request()

    def _is_user_known(self) -> bool:
        namespace: Any = g._get_current_object()
        if "_login_user" not in namespace:
            return False
        if not current_app.policy.user_per_request:
            return True
        # A request inside of an application context shares its `g`, but not who is logged in.
        known_for = namespace.get("_login_request")
        return known_for is None or known_for is current_request()

    def _load_user(self) -> None:
        steps = self._find_user()
        user = None
        try:
            wanted = next(steps)
            while True:
                wanted = steps.send(call_here(*wanted))
        except StopIteration as found:
            user = found.value
        self._update_request_context_with_user(user)

    async def _load_user_async(self, ahead: bool = False) -> None:
        steps = self._find_user(ahead)
        user = None
        try:
            wanted = next(steps)
            while True:
                wanted = steps.send(await call(*wanted, blocking=current_app.blocking))
        except StopIteration as found:
            user = found.value
        self._update_request_context_with_user(user)

    def _find_user(self, ahead: bool = False) -> Generator[_Call, Any, Any]:
        """The user of the request, or None; yields the calls of loaders and is sent their results."""
        if self._user_callback is None and self._request_callback is None:
            raise RuntimeError(
                "Missing user_loader or request_loader: register a function that finds a user with"
                " @login_manager.user_loader."
            )
        if not ahead:
            send_signal(signals.user_accessed, current_application())
        config = current_app.config
        if "_remember" in session or config.get("REMEMBER_COOKIE_REFRESH_EACH_REQUEST"):
            self._arrange_cookie()
        if self._session_protection_failed():
            return None
        user_id = session.get("_user_id")
        user = None
        if user_id is not None and self._user_callback is not None:
            user = yield self._user_callback, user_id
        if user is not None:
            return user
        cookie = request.cookies.get(config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME))
        if cookie is not None and session.get("_remember") != "clear":
            user = yield from self._find_by_cookie(cookie)
            if user is not None:
                return user
        signal = signals.user_loaded_from_request
        if self._request_callback is not None:
            user = yield self._request_callback, current_request()
        elif self._header_callback is not None:
            header = request.headers.get(config.get("AUTH_HEADER_NAME", AUTH_HEADER_NAME))
            user = None if header is None else (yield self._header_callback, header)
            signal = signals._user_loaded_from_header
        if user is not None:
            send_signal(signal, current_application(), user=user)
        return user

    def _find_by_cookie(self, cookie: str) -> Generator[_Call, Any, Any]:
        user_id = decode_cookie(cookie)
        if user_id is None:
            return None
        user = None
        if self._user_callback is not None:
            user = yield self._user_callback, user_id
        if user is not None:
            utils._renew_session()
            # Bound to this browser from now on, or strong protection would end it with the next request.
            session.update(_user_id=user_id, _fresh=False, _id=self._session_identifier_generator())
            send_signal(signals.user_loaded_from_cookie, current_application(), user=user)
        return user

    def _session_protection_failed(self) -> bool:
        """Whether the session must not be used, because it was made for another address or browser."""
        mode = current_app.config.get("SESSION_PROTECTION", self.session_protection)
        if mode not in {"basic", "strong"}:
            return False
        kept = current_session()
        if not kept or kept.get("_id") == self._session_identifier_generator():
            return False
        if mode == "strong" and "_user_id" not in kept and "_id" not in kept:
            return False  # nobody's: there is nothing to protect, and the browser may be remembered
        ends = mode == "strong" and not kept.permanent
        if ends:
            for key in SESSION_KEYS:
                kept.pop(key, None)
            kept["_remember"] = "clear"
            self._arrange_cookie()
        elif kept.get("_fresh") is not False:
            kept["_fresh"] = False
        send_signal(signals.session_protected, current_application())
        return ends

    # Async loaders.

    def _look_ahead_if_async(self) -> None:
        """With an async loader, find the user before async code runs: there, nothing can wait for it."""
        if not any(may_await(f) for f in (self._user_callback, self._request_callback) if f is not None):
            return
        for app in set(self._apps) - set(self._looking_ahead):
            self._looking_ahead.add(app)
            app.before_request(self._look_ahead)
            app.before_websocket(self._look_ahead)

    @nonblocking
    def _look_ahead(self) -> Awaitable[None] | None:
        view = current_app.view_functions.get(request.endpoint or "")
        # A sync view needs nothing: where it asks for the user, it waits.
        return None if view is None or self._is_user_known() or not may_await(view) else self._load_ahead()

    async def _load_ahead(self) -> None:
        kept = current_session()
        accessed = getattr(kept, "accessed", True)
        await self._load_user_async(ahead=True)
        g._login_unseen = kept
        if not accessed:
            kept.accessed = False

    # The remember-me cookie.

    def _arrange_cookie(self) -> None:
        """Have the cookie set or deleted at the end of this request."""
        request_now = current_request()
        if current_application() not in self._remembering and g.get("_login_cookie") is not request_now:
            g._login_cookie = request_now
            after_this_request(self._update_remember_cookie)

    @nonblocking
    def _update_remember_cookie(self, response: Response) -> Response:
        if "_remember" in session:
            operation = session.pop("_remember")
        else:
            operation = "set" if self._renews_cookie() else None
        if operation == "set" and "_user_id" in session:
            self._set_cookie(response)
        elif operation == "clear":
            self._clear_cookie(response)
        return response

    def _renews_cookie(self) -> bool:
        """Whether the cookie is to be set anew: for a login that has it, and no other."""
        config = current_app.config
        if not config.get("REMEMBER_COOKIE_REFRESH_EACH_REQUEST") or "_user_id" not in session:
            return False
        if not current_app.policy.remember_on_demand:
            return True
        cookie = request.cookies.get(config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME))
        return cookie is not None and decode_cookie(cookie) == str(session["_user_id"])

    def _set_cookie(self, response: Response) -> None:
        if "_remember_seconds" in session:
            duration: Any = timedelta(seconds=session["_remember_seconds"])
        else:
            duration = current_app.config.get("REMEMBER_COOKIE_DURATION", COOKIE_DURATION)
        if isinstance(duration, int):
            duration = timedelta(seconds=duration)
        if not isinstance(duration, timedelta):
            raise TypeError(f"REMEMBER_COOKIE_DURATION must be a datetime.timedelta, instead got: {duration}")
        value = encode_cookie(str(session["_user_id"]))
        attributes = cookie_attributes()
        response.set_cookie(
            attributes.pop("key"), value=value, expires=datetime.utcnow() + duration, **attributes
        )

    def _clear_cookie(self, response: Response) -> None:
        attributes = cookie_attributes()
        response.delete_cookie(attributes.pop("key"), **attributes)

    # COMPAT: an old switch, from before there was a setting.

    @property
    def _login_disabled(self) -> bool:
        _deprecate("_login_disabled", "LOGIN_DISABLED' in 'app.config")
        return has_app_context() and bool(current_app.config.get("LOGIN_DISABLED"))

    @_login_disabled.setter
    def _login_disabled(self, value: bool) -> None:
        _deprecate("_login_disabled", "LOGIN_DISABLED' in 'app.config")
        current_app.config["LOGIN_DISABLED"] = value


def _deprecate(old: str, new: str) -> None:
    warnings.warn(
        f"{old!r} is deprecated, as in Flask-Login. Use '{new}' instead.", DeprecationWarning, stacklevel=3
    )
