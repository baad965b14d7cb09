"""Sessions on a server, behind the same ``session``: the browser's cookie holds an identifier, no more.

The identifier is 256 random bits. The store knows only its SHA-256, so whoever reads the store can take
over no session. Nothing is fetched before the session is looked at, and nothing is written unless it was
changed. This module must not know any particular store.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, TypeVar, cast

from werkzeug.exceptions import ServiceUnavailable

from demijohn.contexts.context import current
from demijohn.contexts.proxies import get_request_context
from demijohn.sessions.interface import SessionInterface
from demijohn.sessions.secure_cookie import UNSTORABLE, depend_on_cookie, name_key, session_json_serializer
from demijohn.sessions.server_side.codec import FORMATS, Serializer, Unreadable, decode, encode
from demijohn.sessions.server_side.ports import Application
from demijohn.sessions.server_side.session import ServerSideSession
from demijohn.sessions.server_side.store import SessionStore, StoreUnavailable
from demijohn.waiting.callables import call, may_await, nonblocking
from demijohn.waiting.drivers import running_loop
from demijohn.wrappers.request import Request
from demijohn.wrappers.response import Response

__all__ = ["ServerSideSessionInterface"]

T = TypeVar("T")

_SID = re.compile(r"[A-Za-z0-9_-]{43}")

#: What becomes of the cookie.
_LEAVE, _SEND, _REMOVE = "leave", "send", "remove"

#: A session is kept for its whole time again once this part of it is over.
_TOUCH_AFTER = 0.1

#: Seconds: a store that took longer than this to fail is not asked again for as long as _PAUSE.
_SLOW, _PAUSE = 0.2, 1.0


class ServerSideSessionInterface(SessionInterface):
    """Keeps sessions in a store; :class:`Session` makes one of an application's settings.

    :param store: Where they are kept.
    :param form: ``json`` or ``msgpack``: what is written. Either is read.
    :param when_unavailable: What a request gets whose session cannot be fetched: ``"error"`` for 503
        at the first use, ``"empty"`` for an empty session, which cannot be changed (503).
    :param permanent: Whether new sessions are permanent; None for Flask's default, that they are not.
    :param max_size: Bytes; a larger session is not written (ValueError).
    """

    #: The application opens the session when it is first asked for.
    lazy = True
    #: Tags what JSON does not have.
    serializer: Serializer = session_json_serializer
    session_class: type[ServerSideSession] = ServerSideSession

    def __init__(
        self,
        store: SessionStore,
        form: str = "json",
        when_unavailable: str = "error",
        permanent: bool | None = None,
        max_size: int = 1024 * 1024,
    ) -> None:
        for value, known, name in (
            (form, FORMATS, "SESSION_SERIALIZATION_FORMAT"),
            (when_unavailable, ("error", "empty"), "SESSION_WHEN_UNAVAILABLE"),
        ):
            if value not in known:
                raise ValueError(f"{name}: {value!r} is none of {', '.join(known)}.")
        self.store = store
        self.form = form
        self.when_unavailable = when_unavailable
        self.permanent = permanent
        self.max_size = max_size
        self._lost_since: float | None = None
        self._pause_until = 0.0

    # Opening.

    def open_session(self, app: Application, request: Request) -> ServerSideSession:
        """The session of the request's cookie, not fetched yet; a new one without a cookie."""
        sid = self._sent_by(app, request)
        if sid is not None and not _SID.fullmatch(sid):
            sid = None
        session = self.session_class(sid, lambda sid: self._fetch(app, sid))
        session.empty_when_unavailable = self.when_unavailable == "empty"
        return session

    def _sent_by(self, app: Application, request: Request) -> str | None:
        name = self.get_cookie_name(app)
        get_cookie = getattr(request, "get_cookie", None)
        sent: str | None = request.cookies.get(name) if get_cookie is None else get_cookie(name)
        return sent

    def _fetch(self, app: Application, sid: str) -> tuple[dict[str, Any], float] | None:
        try:
            stored = self._ask(app, lambda: self.store.get(_key(sid)))
        except StoreUnavailable as e:
            raise _unavailable() from e
        if stored is None:
            return None
        try:
            return decode(stored.data, self.serializer), stored.seconds_left
        except Unreadable as e:
            app.logger.warning("%s It is treated as no session.", e)
            return None

    @nonblocking
    def look_ahead(self) -> Awaitable[None] | None:
        """Fetch the session before code runs on an event loop, which must not wait for a store.

        A hook: what it returns is to be awaited. For sync views, which wait in their thread when they
        look at the session, and for requests without one, there is nothing to do.
        """
        ctx = get_request_context()
        app = cast(Application, ctx.app)
        request = ctx.request
        # Who runs hooks also awaits what save_session returns; who opens and saves a session by hand (the
        # test client's session_transaction) does not.
        ctx.awaits_saving = True
        if self._sent_by(app, request) is None or not _runs_on_loop(app, request):
            return None
        session = ctx.opened_session()
        if not isinstance(session, ServerSideSession) or not session.waits:
            return None
        if running_loop() is not None:
            return call(session.load)
        session.load()
        return None

    # Saving.

    def save_session(self, app: Application, session: ServerSideSession, response: Response) -> Any:
        """Write the session if it was changed, and set its cookie.

        :returns: An awaitable on an event loop when there is something to write; None else, or True
            when the store was not available and the response was made a 503.
        """
        if session.accessed or session.modified:
            depend_on_cookie(app, response)
        if session.modified:
            pass
        elif session.stored_as is None or not self.should_set_cookie(app, session):
            return None
        elif not self._is_due(app, session):
            return self._settle(app, session, response, _SEND)
        if running_loop() is None or not getattr(current.get(None), "awaits_saving", False):
            return self._settle(app, session, response, self._write(app, session))
        return self._save_off_loop(app, session, response)

    async def _save_off_loop(self, app: Application, session: ServerSideSession, response: Response) -> None:
        self._settle(app, session, response, await call(self._write, app, session))

    def _is_due(self, app: Application, session: ServerSideSession) -> bool:
        """Whether enough of its time is over for an unchanged session to be kept anew."""
        return session.seconds_left < _lifetime(app) * (1 - _TOUCH_AFTER)

    def _write(self, app: Application, session: ServerSideSession) -> str | StoreUnavailable:
        """Do to the store what has to be done; what becomes of the cookie, or why it failed."""
        try:
            return self._ask(app, lambda: self._write_to_store(app, session))
        except StoreUnavailable as e:
            return e

    def _write_to_store(self, app: Application, session: ServerSideSession) -> str:
        store = self.store
        for sid in session.ended:
            store.delete(_key(sid))
        lifetime = _lifetime(app)
        stored_as = session.stored_as
        if not session.modified:
            if stored_as is not None:
                store.touch(_key(stored_as), lifetime)
            return _SEND
        contents = session.copy()
        if not contents:
            if stored_as is not None:
                store.delete(_key(stored_as))
            return _REMOVE
        if stored_as is None and self.permanent is not None and "_permanent" not in contents:
            contents["_permanent"] = session.permanent = self.permanent
        try:
            data = encode(contents, self.serializer, self.form)
        except UNSTORABLE as e:
            raise name_key(e, contents, lambda entry: encode(entry, self.serializer, self.form)) from e
        if len(data) > self.max_size:
            raise ValueError(
                f"The session has {len(data)} bytes; at most {self.max_size} are kept (max_size). Keep the"
                " large parts elsewhere, and their keys in the session."
            )
        if stored_as is None:
            store.create(_key(session.sid), data, lifetime)
        elif not store.replace(_key(stored_as), data, lifetime):
            # Ended by another request (a logout) while this one ran: its answer has the say.
            return _LEAVE
        return _SEND

    def _settle(
        self,
        app: Application,
        session: ServerSideSession,
        response: Response,
        outcome: str | StoreUnavailable,
    ) -> Any:
        """Set the cookie, or make the response a 503."""
        if isinstance(outcome, StoreUnavailable):
            _make_unavailable(app, response)
            return True
        name = self.get_cookie_name(app)
        attributes = {attribute: getattr(self, f"get_cookie_{attribute}")(app) for attribute in _ATTRIBUTES}
        if outcome is _REMOVE:
            response.delete_cookie(name, **attributes)
        elif outcome is _SEND:
            expires = self.get_expiration_time(app, session)
            response.set_cookie(name, session.sid, expires=expires, **attributes)
        return None

    def regenerate(self, session: ServerSideSession) -> None:
        """As ``session.regenerate()``: Flask-Session's name for it."""
        session.regenerate()

    # The store, and when it is gone.

    def _ask(self, app: Application, question: Callable[[], T]) -> T:
        """Ask the store; the log says when it was lost and when it is back.

        A store that does not answer costs each request its time-out, so for a second after that it is
        taken to be lost without asking.
        """
        start = time.monotonic()
        if start < self._pause_until:
            raise StoreUnavailable("The store did not answer a moment ago.")
        try:
            answer = question()
        except StoreUnavailable as e:
            now = time.monotonic()
            if now - start > _SLOW:
                self._pause_until = now + _PAUSE
            if self._lost_since is None:
                self._lost_since = now
                app.logger.error("The store of sessions is not available: %s", e)
            raise
        if self._lost_since is not None:
            gone, self._lost_since = time.monotonic() - self._lost_since, None
            app.logger.info("The store of sessions is back after %.1f s.", gone)
        return answer


_ATTRIBUTES = ("domain", "path", "secure", "httponly", "samesite", "partitioned")


def _lifetime(app: Application) -> int:
    return max(1, int(app.permanent_session_lifetime.total_seconds()))


def _key(sid: str) -> str:
    return sha256(sid.encode()).hexdigest()


def _runs_on_loop(app: Application, request: Request) -> bool:
    """Whether code of a request's handler may run on an event loop."""
    return hasattr(request, "channel") or may_await(app.view_functions.get(request.endpoint or ""))


def _unavailable() -> ServiceUnavailable:
    return ServiceUnavailable("The store of sessions is not available. Try again in a moment.", retry_after=2)


def _make_unavailable(app: Application, response: Response) -> None:
    """Turn a response whose session could not be saved into a 503, as the application shows them."""
    error = _unavailable()
    try:
        page = app.make_response(app.handle_user_exception(error))
    except Exception:  # an error page that fails, or cannot be made where this runs
        page = error.get_response()
    response.close()
    response.direct_passthrough = False
    response.headers.clear()
    response.headers.extend(page.headers)
    response.status = page.status
    response.response = page.response
