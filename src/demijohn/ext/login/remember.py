"""The remember-me cookie: a user's identifier with an HMAC, byte for byte Flask-Login's.

``identifier|digest``, the digest being the HMAC (RFC 2104) with SHA-512 of the identifier under the
application's secret key, in hexadecimal. It has no date: it holds until the key changes. This module
must not know who is logged in.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any

from demijohn import current_app
from demijohn.config import listed
from demijohn.ext.login.config import COOKIE_HTTPONLY, COOKIE_NAME, COOKIE_SAMESITE, COOKIE_SECURE
from demijohn.extend import current_application

__all__ = ["cookie_attributes", "decode_cookie", "encode_cookie"]

_LONGEST = 4096


def encode_cookie(payload: str, key: str | bytes | None = None) -> str:
    """The cookie's value for an identifier.

    :param payload: The identifier.
    :param key: Signs it; ``SECRET_KEY`` by default.
    """
    return f"{payload}|{_cookie_digest(payload, key)}"


def decode_cookie(cookie: str, key: str | bytes | None = None) -> str | None:
    """The identifier of a cookie's value, or None when it was not signed with our key.

    :param cookie: The value, as the browser sent it.
    :param key: Has signed it; by default ``SECRET_KEY`` or one of ``SECRET_KEY_FALLBACKS``.
    """
    if len(cookie) > _LONGEST:
        return None
    payload, bar, digest = cookie.rpartition("|")
    if not bar:
        return None
    # As bytes: text that is not ASCII cannot be compared in constant time.
    sent = digest.encode("utf-8", "surrogateescape")
    for candidate in _keys() if key is None else (key,):
        if hmac.compare_digest(_cookie_digest(payload, candidate).encode(), sent):
            return payload
    return None


def _keys() -> Iterator[str | bytes | None]:
    yield current_app.config["SECRET_KEY"]
    yield from listed(current_app.config["SECRET_KEY_FALLBACKS"])


def _cookie_digest(payload: str, key: str | bytes | None = None) -> str:
    return hmac.new(_secret_key(key), payload.encode("utf-8", "surrogateescape"), "sha512").hexdigest()


def _secret_key(key: str | bytes | None = None) -> bytes:
    if key is None:
        key = current_app.config["SECRET_KEY"]
    if key is None:
        raise RuntimeError(
            "The remember-me cookie cannot be signed because no secret key is set. Set the secret_key on"
            " the application to something unique and secret."
        )
    if isinstance(key, bytes):
        return key
    try:
        return key.encode("latin-1")
    except UnicodeEncodeError:
        return key.encode()


def cookie_attributes() -> dict[str, Any]:
    """The name (``key``) and the attributes of the cookie, by the settings."""
    app = current_application()
    config = app.config
    secure, samesite = COOKIE_SECURE, COOKIE_SAMESITE
    if app.policy.remember_as_session:
        secure = app.session_interface.get_cookie_secure(app)
        samesite = app.session_interface.get_cookie_samesite(app)
    return {
        "key": config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME),
        "domain": config.get("REMEMBER_COOKIE_DOMAIN"),
        "path": config.get("REMEMBER_COOKIE_PATH", "/"),
        "secure": config.get("REMEMBER_COOKIE_SECURE", secure),
        "httponly": config.get("REMEMBER_COOKIE_HTTPONLY", COOKIE_HTTPONLY),
        "samesite": config.get("REMEMBER_COOKIE_SAMESITE", samesite),
    }
