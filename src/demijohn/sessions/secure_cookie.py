"""Sessions kept in the browser, in a signed cookie: Flask's, byte for byte.

The cookie is signed, not encrypted: its owner can read it. This module must not know how a request
is dispatched.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from operator import itemgetter
from typing import Any, ClassVar

from itsdangerous import BadData, URLSafeTimedSerializer

from demijohn.http.cookies import dump_cookie
from demijohn.http.dates import http_date
from demijohn.json.tag import TaggedJSONSerializer
from demijohn.wrappers.response import Response
from demijohn.sessions.interface import SessionInterface
from demijohn.sessions.session import SecureCookieSession
from demijohn.sessions.signing import BoundedTimedSerializer

__all__ = ["SecureCookieSessionInterface", "depend_on_cookie", "session_json_serializer"]

#: Writes and reads what sessions hold.
session_json_serializer = TaggedJSONSerializer()


def _lazy_sha1(string: bytes = b"") -> Any:
    """SHA-1, looked up when used: a FIPS build of Python may be without it.

    HMAC does not depend on what is broken about SHA-1, and it is what Flask's cookies have.
    """
    return hashlib.sha1(string)  # noqa: S324


class SecureCookieSessionInterface(SessionInterface):
    """Keeps the session in a signed cookie.

    The newest key (``SECRET_KEY``) signs; cookies signed with one of ``SECRET_KEY_FALLBACKS`` are
    read too. A cookie that is not ours, too old, or too large counts as no cookie.
    """

    #: Sets session cookies apart from other things signed with the same key.
    salt = "cookie-session"
    #: Makes the hash object of the signature's HMAC.
    digest_method: Any = staticmethod(_lazy_sha1)
    #: How the signing key is made of the secret key and the salt; a name itsdangerous knows.
    key_derivation = "hmac"
    #: Writes and reads the contents.
    serializer: Any = session_json_serializer
    #: What :meth:`open_session` makes.
    session_class: type[Any] = SecureCookieSession
    #: Bytes; a longer cookie is not looked into. Browsers keep about 4,096.
    max_cookie_size: ClassVar[int] = 64 * 1024
    #: Bytes; a compressed cookie that unpacks to more is refused.
    max_payload_size: ClassVar[int] = 1024 * 1024

    _last_made: tuple[Any, Any] = (None, None)
    _last_frame: tuple[Any, Any] = (None, None)

    def get_signing_serializer(self, app: Any) -> URLSafeTimedSerializer | None:
        """The serializer that makes and reads the cookie's value, or None without a secret key."""
        secret_key = app.secret_key
        if not secret_key:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"]
        settings = (
            (*fallbacks, secret_key) if fallbacks else secret_key,
            self.salt,
            self.serializer,
            self.key_derivation,
            self.digest_method,
        )
        serializer: URLSafeTimedSerializer
        made_for, serializer = self._last_made
        # PERF: comparing what is the same object costs half of looking it up by its hash.
        if made_for != settings:
            serializer = _make_serializer(*settings, self.max_cookie_size, self.max_payload_size)
            self._last_made = settings, serializer
        return serializer

    def open_session(self, app: Any, request: Any) -> Any:
        """The session of the request's cookie, an empty one, or None without a secret key."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        name = self.get_cookie_name(app)
        get_cookie = getattr(request, "get_cookie", None)
        token = request.cookies.get(name) if get_cookie is None else get_cookie(name)
        if not token:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            contents = serializer.loads(token, max_age=max_age)
        except BadData:
            return self.session_class()
        session = self.session_class(contents)
        session._signer = serializer
        return session

    def is_null_session(self, obj: object) -> bool:
        """See :meth:`SessionInterface.is_null_session`."""
        # PERF: asking an abstract class about an instance costs 0.4 us.
        return type(obj) is not self.session_class and super().is_null_session(obj)

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        """Put the cookie on the response if needed, and say that the response depends on it."""
        # First of all: what follows reads the session too.
        accessed = session.accessed
        if not session:
            remove = session.modified
            if accessed or remove:
                depend_on_cookie(app, response)
            if remove:
                response.delete_cookie(self.get_cookie_name(app), **self._attributes(app))
            return
        write = self.should_set_cookie(app, session)
        if accessed or write:
            depend_on_cookie(app, response)
        if not write:
            return
        if isinstance(response, Response) and type(response).set_cookie is Response.set_cookie:
            response.raw_headers.append(("Set-Cookie", self.cookie_header_value(app, session)))
            return
        response.set_cookie(
            self.get_cookie_name(app),
            self._token(app, session),
            expires=self.get_expiration_time(app, session),
            **self._attributes(app),
        )

    def cookie_header_value(self, app: Any, session: Any) -> str:
        """The value of the Set-Cookie header field that keeps ``session``.

        It is what ``response.set_cookie`` would write, made without looking at each character.

        :raises ValueError: when a setting would break out of its place in the header field.
        """
        token = self._token(app, session)
        expires = self.get_expiration_time(app, session)
        if type(self) is SecureCookieSessionInterface and app.compat_level is None:
            # PERF: all that the seven methods read, at once (0.5 us).
            settings = _read_settings(app.config)
            if settings[0] == "auto":
                settings = self.get_cookie_secure(app), settings
        else:
            settings = self._settings(app)
        made_for, frame = self._last_frame
        # PERF: as in get_signing_serializer.
        if made_for != settings:
            frame = _frame_cookie(*self._settings(app))
            self._last_frame = settings, frame
        start, bare, before_date, behind_date = frame
        if expires is None:
            value = f"{start}{token}{bare}"
        else:
            # PERF: an aware datetime by its second costs 0.3 us, by its parts 6.
            date = http_date(expires if expires.tzinfo is None else expires.timestamp())
            value = f"{start}{token}{before_date}{date}{behind_date}"
        limit = app.config["MAX_COOKIE_SIZE"]
        if limit and len(value) > limit:
            # Made once more for the warning about its size.
            name = self.get_cookie_name(app)
            return dump_cookie(name, token, expires=expires, max_size=limit, **self._attributes(app))
        return value

    def _settings(self, app: Any) -> tuple[Any, ...]:
        return self.get_cookie_name(app), *self._attributes(app).values()

    def _token(self, app: Any, session: Any) -> str:
        # PERF: what read it signs it again (0.3 us).
        serializer: Any = getattr(session, "_signer", None) or self.get_signing_serializer(app)
        # A plain dictionary: the tags know no other, and a custom serializer need not either.
        contents = dict.copy(session) if isinstance(session, dict) else dict(session.items())
        token: str | bytes = serializer.dumps(contents)
        return token if isinstance(token, str) else token.decode()

    def _attributes(self, app: Any) -> dict[str, Any]:
        return {name: getattr(self, f"get_cookie_{name}")(app) for name in _ATTRIBUTES}


@lru_cache(maxsize=32)
def _make_serializer(keys: Any, *settings: Any) -> BoundedTimedSerializer:
    return BoundedTimedSerializer(keys if isinstance(keys, tuple) else (keys,), *settings)


_ATTRIBUTES = ("domain", "path", "secure", "httponly", "samesite", "partitioned")
_read_settings = itemgetter(
    "SESSION_COOKIE_SECURE", "SESSION_COOKIE_NAME", "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH",
    "APPLICATION_ROOT", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_PARTITIONED",
)  # fmt: skip


@lru_cache(maxsize=64)
def _frame_cookie(name: str, *settings: Any) -> tuple[str, str, str, str]:
    """What stands around a cookie's value: before it, behind it, and behind it around a date."""
    attributes: dict[str, Any] = dict(zip(_ATTRIBUTES, settings, strict=True))
    bare = dump_cookie(name, "", **attributes)
    dated = dump_cookie(name, "", expires="DATE", **attributes)
    start = bare[: bare.index("=") + 1]
    before, _, behind = dated[len(start) :].partition("DATE")
    return start, bare[len(start) :], before, behind


def depend_on_cookie(app: Any, response: Any) -> None:
    """Say that the response depends on the cookie, so that no shared cache gives it to others.

    ``Vary: Cookie`` (RFC 9110, section 12.5.5); and unless the application has said who may store
    the response, or is at a compatibility level, ``Cache-Control: private`` (RFC 9111, 5.2.2.7).
    """
    native = getattr(app, "compat_level", None) is None
    if not isinstance(response, Response):
        response.vary.add("Cookie")
        if native:
            _make_private(response)
        return
    raw = response.raw_headers
    # PERF: 0.2 us for the usual response, which has no other fields; Werkzeug's properties take 12.
    for field, _ in raw:
        if field not in _UNRELATED:
            break
    else:
        raw.append(_VARY)
        if native:
            raw.append(_PRIVATE)
        return
    names = {field.lower() for field, _ in raw}
    if "vary" in names:
        response.vary.add("Cookie")
    else:
        raw.append(_VARY)
    if native:
        if "cache-control" in names:
            _make_private(response)
        else:
            raw.append(_PRIVATE)


_UNRELATED = frozenset({"Content-Type", "Content-Length"})
_VARY = ("Vary", "Cookie")
_PRIVATE = ("Cache-Control", "private")


def _make_private(response: Any) -> None:
    control = response.cache_control
    if not (control.public or control.private or control.no_store):
        control.private = True
