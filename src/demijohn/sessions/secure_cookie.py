"""Sessions kept in the browser, in a signed cookie: Flask's, byte for byte.

The cookie is signed, not encrypted: its owner can read it. This module must not know how a request
is dispatched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, ClassVar

from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as BaseResponse

from demijohn.config import ConfigAttribute, listed
from demijohn.contexts.ports import Application
from demijohn.errors import MissingSecretKey
from demijohn.http.cookies import dump_cookie
from demijohn.http.dates import http_date
from demijohn.json.tag import TaggedJSONSerializer
from demijohn.sessions.interface import SessionInterface
from demijohn.sessions.session import SecureCookieSession, SessionMixin
from demijohn.sessions.signing import BoundedTimedSerializer
from demijohn.wrappers.request import Request
from demijohn.wrappers.response import Response

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

    # Whether all methods are the ones below, so that what the settings come to may be kept: not in a
    # subclass, nor where one was replaced.
    _plain = True
    _kept: _Cookie | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_plain" not in vars(cls):
            cls._plain = False

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _READ_EACH_TIME:
            object.__setattr__(self, "_plain", False)
        object.__setattr__(self, name, value)

    def get_signing_serializer(self, app: Any) -> URLSafeTimedSerializer | None:
        """The serializer that makes and reads the cookie's value, or None without a secret key."""
        secret_key = app.secret_key
        if not secret_key:
            return None
        settings = (
            (*listed(app.config["SECRET_KEY_FALLBACKS"]), secret_key),
            self.salt,
            self.serializer,
            self.key_derivation,
            self.digest_method,
            self.max_cookie_size,
            self.max_payload_size,
        )
        try:
            return _make_serializer(*settings)
        except TypeError:  # something that cannot be hashed, such as a key that is a bytearray
            return BoundedTimedSerializer(*settings)

    def _cookie(self, app: Application) -> _Cookie:
        """What the settings come to, put together anew when one of them has changed."""
        if not self._plain:
            return _Cookie(self, app)
        # PERF: reading and comparing all of them at once is a third of asking a method for each (1 us).
        try:
            settings = _read_settings(app.config)
            fallbacks = app.config["SECRET_KEY_FALLBACKS"]
        except KeyError:  # a configuration that lacks some of them
            return _Cookie(self, app)
        signing = self.salt, self.serializer, self.key_derivation, self.digest_method
        old_keys = listed(fallbacks) if fallbacks else ()  # a list may be changed in place
        cookie = self._kept
        if (
            cookie is None
            or cookie.settings != settings
            or cookie.signing != signing
            or cookie.old_keys != old_keys
            or cookie.app_class is not app.__class__
        ):
            cookie = _Cookie(self, app)
            if all(
                isinstance(getattr(type(app), name, None), ConfigAttribute) for name in _FROM_CONFIG
            ) and all(getattr(type(self), name) is reader for name, reader in _readers.items()):
                cookie.settings, cookie.signing, cookie.old_keys = settings, signing, old_keys
                cookie.app_class = type(app)
                self._kept = cookie
        return cookie

    def open_session(self, app: Any, request: Request) -> Any:
        """The session of the request's cookie, an empty one, or None without a secret key."""
        cookie = self._cookie(app)
        serializer = cookie.serializer
        if serializer is None:
            return None
        get_cookie = getattr(request, "get_cookie", None)
        token = request.cookies.get(cookie.name) if get_cookie is None else get_cookie(cookie.name)
        if not token:
            return self.session_class()
        max_age = cookie.max_age
        if max_age is None:
            max_age = cookie.max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(serializer.loads(token, max_age=max_age))
        except BadData:
            return self.session_class()

    def is_null_session(self, obj: object) -> bool:
        """See :meth:`SessionInterface.is_null_session`."""
        # PERF: asking an abstract class about an instance costs 0.4 us.
        return type(obj) is not self.session_class and super().is_null_session(obj)

    def save_session(self, app: Any, session: Any, response: Response) -> None:
        """Put the cookie on the response if needed, and say that the response depends on it."""
        filled, depends, writes = self._look(app, session)
        if depends:
            depend_on_cookie(app, response)
        if not writes:
            return
        if not filled:
            response.delete_cookie(self.get_cookie_name(app), **self._attributes(app))
        elif type(response).set_cookie is Response.set_cookie:
            response.raw_headers.append(("Set-Cookie", self.cookie_header_value(app, session)))
        else:
            response.set_cookie(
                self.get_cookie_name(app),
                _token(session, self.get_signing_serializer(app)),
                expires=self.get_expiration_time(app, session),
                **self._attributes(app),
            )

    def header_fields(self, app: Application, session: SessionMixin) -> list[tuple[str, str]] | None:
        """What :meth:`save_session` adds to a response that has nothing but a type and a length.

        None where it takes a response to say it, or another method to ask.

        PERF: without making a response for it, 0.7 us less.
        """
        if (
            not self._plain
            or type(self).save_session is not _own_save_session
            or type(session) is not self.session_class
        ):
            return None
        filled, depends, writes = self._look(app, session)
        if not depends:
            return []
        if writes and not filled:
            return None
        fields: list[tuple[str, str]] = [_VARY, _PRIVATE] if app.policy.private_sessions else [_VARY]
        if writes:
            fields.append(("Set-Cookie", self.cookie_header_value(app, session)))
        return fields

    def _look(self, app: Application, session: SessionMixin) -> tuple[bool, bool, bool]:
        """Whether anything is in it, whether the response depends on it, whether the browser is told of it."""
        # First of all: what follows reads the session too.
        accessed = session.accessed
        filled = bool(session)
        writes = session.modified
        if filled and not (writes and self._plain):
            writes = self.should_set_cookie(app, session)
        return filled, accessed or writes, writes

    def cookie_header_value(self, app: Application, session: SessionMixin) -> str:
        """The value of the Set-Cookie header field that keeps ``session``.

        It is what ``response.set_cookie`` would write, made without looking at each character.

        :raises ValueError: when a setting would break out of its place in the header field.
        """
        cookie = self._cookie(app)
        token = _token(session, cookie.serializer)
        expires = self.get_expiration_time(app, session)
        start, bare, before_date, behind_date = cookie.frame(self, app)
        if expires is None:
            value = f"{start}{token}{bare}"
        else:
            # PERF: an aware datetime by its second costs 0.3 us, by its parts 6.
            date = http_date(expires if expires.tzinfo is None else expires.timestamp())
            value = f"{start}{token}{before_date}{date}{behind_date}"
        limit = app.config["MAX_COOKIE_SIZE"]
        if limit and len(value) > limit:
            # Made once more for the warning about its size.
            return dump_cookie(
                cookie.name, token, expires=expires, max_size=limit, any_name=True, **self._attributes(app)
            )
        return value

    def _attributes(self, app: Application) -> dict[str, Any]:
        return {name: getattr(self, f"get_cookie_{name}")(app) for name in _ATTRIBUTES}


def _token(session: SessionMixin, serializer: URLSafeTimedSerializer | None) -> str:
    # A plain dictionary: the tags know no other, and a custom serializer need not either.
    contents = dict.copy(session) if isinstance(session, dict) else dict(session.items())
    if serializer is None:
        raise MissingSecretKey.for_session()
    try:
        token: str | bytes = serializer.dumps(contents)
    except UNSTORABLE as error:
        raise name_key(error, contents, serializer.dumps) from error
    return token if isinstance(token, str) else token.decode()


#: What writing a value raises that cannot be written.
UNSTORABLE = (TypeError, ValueError, OverflowError, RecursionError)


def name_key(
    error: Exception, contents: dict[str, Any], write: Callable[[dict[str, Any]], object]
) -> Exception:
    """``error``, which writing ``contents`` raised, in its own kind and words and with the key it is about.

    :param write: What raised it; it is called for each entry alone.
    """
    kind = next(kind for kind in UNSTORABLE if isinstance(error, kind))
    for key, value in contents.items():
        try:
            write({key: value})
        except UNSTORABLE as e:
            return kind(
                f"{e} (session[{key!r}]). A session keeps what JSON has, tuples, bytes, Markup, UUIDs and datetimes:"
                " put one of these there, or a key under which the value is kept elsewhere."
            )
    return error


_ATTRIBUTES = ("domain", "path", "secure", "httponly", "samesite", "partitioned")
_own_save_session = SecureCookieSessionInterface.save_session
#: The methods whose results are kept, to see whether somebody has patched one.
_readers = {
    name: getattr(SecureCookieSessionInterface, name)
    for name in (
        "get_signing_serializer", "get_cookie_name", *(f"get_cookie_{attribute}" for attribute in _ATTRIBUTES)
    )
}  # fmt: skip
#: The attributes of an interface whose change is seen without being noted; others replace a method.
_READ_EACH_TIME = frozenset(
    {"salt", "serializer", "key_derivation", "digest_method", "session_class", "_kept"}
)
#: The attributes of an application that are read; all else comes from the configuration.
_FROM_CONFIG = ("secret_key", "permanent_session_lifetime")
_read_settings = itemgetter(
    "SECRET_KEY", "PERMANENT_SESSION_LIFETIME", "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "APPLICATION_ROOT", "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_PARTITIONED",
)  # fmt: skip


class _Cookie:
    """What the settings come to for one interface and kind of application; it must hold neither."""

    __slots__ = ("_frames", "app_class", "max_age", "name", "old_keys", "serializer", "settings", "signing")

    def __init__(self, interface: SecureCookieSessionInterface, app: Application) -> None:
        # What it was made for, when it is kept.
        self.app_class: type | None = None
        self.settings: tuple[Any, ...] = ()
        self.signing: tuple[Any, ...] = ()
        self.old_keys: tuple[Any, ...] = ()
        self.name = interface.get_cookie_name(app)
        self.serializer = interface.get_signing_serializer(app)
        #: Seconds, once a cookie had to be read.
        self.max_age: int | None = None
        self._frames: dict[tuple[bool, str | None], tuple[str, str, str, str]] = {}

    def frame(self, interface: SecureCookieSessionInterface, app: Application) -> tuple[str, str, str, str]:
        """What stands around the cookie's value; only ``Secure``, and where it is mounted, may differ by request."""
        secure = interface.get_cookie_secure(app)
        key = secure, interface.get_cookie_path(app) if app.is_mounted else None
        frame = self._frames.get(key)
        if frame is None:
            if len(self._frames) > 16:
                self._frames.clear()
            attributes = {**interface._attributes(app), "secure": secure}
            frame = self._frames[key] = _frame_cookie(
                self.name, not app.policy.strict_cookie_names, *attributes.values()
            )
        return frame


@lru_cache(maxsize=32)
def _make_serializer(keys: tuple[Any, ...], *settings: Any) -> BoundedTimedSerializer:
    return BoundedTimedSerializer(keys, *settings)


@lru_cache(maxsize=64)
def _frame_cookie(name: str, any_name: bool, *settings: Any) -> tuple[str, str, str, str]:
    """What stands around a cookie's value: before it, behind it, and behind it around a date."""
    attributes: dict[str, Any] = dict(zip(_ATTRIBUTES, settings, strict=True))
    bare = dump_cookie(name, "", any_name=any_name, **attributes)
    dated = dump_cookie(name, "", expires="DATE", any_name=any_name, **attributes)
    start = bare[: bare.index("=") + 1]
    before, _, behind = dated[len(start) :].partition("DATE")
    return start, bare[len(start) :], before, behind


def depend_on_cookie(app: Application, response: BaseResponse) -> None:
    """Say that the response depends on the cookie, so that no shared cache gives it to others.

    ``Vary: Cookie`` (RFC 9110, section 12.5.5); and unless the application has said who may store
    the response, ``Cache-Control: private`` (RFC 9111, section 5.2.2.7), where its policy has ``private_sessions``.
    """
    private = app.policy.private_sessions
    if not isinstance(response, Response):
        response.vary.add("Cookie")
        if private:
            _make_private(response)
        return
    raw = response.raw_headers
    # PERF: 0.2 us for the usual response, which has no other fields; Werkzeug's properties take 12.
    for field, _ in raw:
        if field not in _UNRELATED:
            break
    else:
        raw.append(_VARY)
        if private:
            raw.append(_PRIVATE)
        return
    names = {field.lower() for field, _ in raw}
    if "vary" in names:
        response.vary.add("Cookie")
    else:
        raw.append(_VARY)
    if private:
        if "cache-control" in names:
            _make_private(response)
        else:
            raw.append(_PRIVATE)


_UNRELATED = frozenset({"Content-Type", "Content-Length"})
_VARY = ("Vary", "Cookie")
_PRIVATE = ("Cache-Control", "private")


def _make_private(response: BaseResponse) -> None:
    control = response.cache_control
    if not (control.public or control.private or control.no_store):
        control.private = True
