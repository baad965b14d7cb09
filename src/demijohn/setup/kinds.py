"""Whether settings are of the kinds that they can be: found at start-up, not by the first visitor.

What Flask takes is taken. This module must not know what settings do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from demijohn.errors import WrongSetting

__all__ = ["Kind", "SETTINGS", "check_settings"]

#: A kind by its name, or whether a value fits and what is expected. None always fits.
Kind: TypeAlias = (
    Literal["text", "texts", "key", "keys", "time", "number", "flag", "path", "samesite"]
    | tuple[Callable[[Any], bool], str]
)


def check_settings(config: Mapping[str, Any], kinds: Mapping[str, Kind]) -> None:
    """Look at the kinds of settings.

    :raises WrongSetting: for one that is of a kind it cannot be.
    """
    for name, kind in kinds.items():
        fits, expected = _KINDS[kind] if isinstance(kind, str) else kind
        value = config.get(name)
        if value is not None and not fits(value):
            raise WrongSetting.of(name, value, expected)


def _is_key(value: object) -> bool:
    return isinstance(value, (str, bytes, bytearray))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _all(value: object, fits: Callable[[object], bool]) -> bool:
    """Whether it is one such element, or a collection of them; a dictionary is none."""
    if fits(value):
        return True
    return (
        isinstance(value, Collection)
        and not isinstance(value, (str, bytes, Mapping))
        and all(map(fits, value))
    )


def _is_time(value: object) -> bool:
    return isinstance(value, timedelta) or _is_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_flag(value: object) -> bool:
    return not isinstance(value, (str, bytes))  # "false" would be true


def _is_samesite(value: object) -> bool:
    return isinstance(value, str) and value.lower() in {"strict", "lax", "none"}


def _is_address(value: object) -> bool:
    return isinstance(value, str) and not set(value) & set("/ @?#")


def _is_origin(value: object) -> bool:
    if not isinstance(value, str):
        return False
    scheme, _, rest = value.partition("://")
    return scheme in ("", "http", "https") and bool(rest) and not set(rest) & set(" ?#")


_REDIRECTS = (301, 302, 303, 307, 308)

_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (_is_text, "a text"),
    "texts": (lambda value: _all(value, _is_text), "a list of texts, or one text"),
    "key": (_is_key, "a text or bytes (from the environment, digits alone are a number: quote them)"),
    "keys": (lambda value: _all(value, _is_key), "a list of keys, or one key: texts or bytes"),
    "time": (_is_time, "a datetime.timedelta or a number of seconds"),
    "number": (_is_number, "a number"),
    "flag": (_is_flag, "True or False"),
    "path": (lambda value: isinstance(value, (str, os.PathLike)), "the path of a folder"),
    "samesite": (_is_samesite, "a text, 'Strict', 'Lax' or 'None', or the value None"),
}

#: The kinds of the settings of the core.
SETTINGS: dict[str, Kind] = {
    "SECRET_KEY": "key",
    "SECRET_KEY_FALLBACKS": "keys",
    "TRUSTED_HOSTS": "texts",
    "WEBSOCKET_ORIGINS": "texts",
    "TRUSTED_ORIGINS": "texts",
    "SILENCED_CHECKS": "texts",
    "REDIRECT_CODE": (lambda value: value in _REDIRECTS, "a status: 301, 302, 303, 307 or 308"),
    "REDIRECT_SCHEMES": "texts",
    "SERVER_NAME": (_is_address, "a host with or without a port, as in 'cellar.example:8000'"),
    "APPLICATION_ROOT": "text",
    "PREFERRED_URL_SCHEME": "text",
    "PERMANENT_SESSION_LIFETIME": "time",
    "SEND_FILE_MAX_AGE_DEFAULT": "time",
    "SESSION_COOKIE_NAME": "text",
    "SESSION_COOKIE_PATH": "text",
    "SESSION_COOKIE_SECURE": (
        lambda value: value == "auto" or _is_flag(value),
        "True or False, or the text 'auto'",
    ),
    "SESSION_COOKIE_HTTPONLY": "flag",
    "SESSION_COOKIE_PARTITIONED": "flag",
    "SESSION_COOKIE_SAMESITE": "samesite",
    "SESSION_REFRESH_EACH_REQUEST": "flag",
    "MAX_CONTENT_LENGTH": "number",
    "MAX_FORM_MEMORY_SIZE": "number",
    "MAX_FORM_PARTS": "number",
    "MAX_FORM_FILES": "number",
    "MAX_QUERY_FIELDS": "number",
    "MAX_JSON_SIZE": "number",
    "MAX_JSON_DEPTH": "number",
    "MAX_HEADER_SIZE": (
        lambda value: _is_number(value) and value >= 8192,
        "a number of bytes, from 8192 up, or the value None",
    ),
    "MAX_COOKIE_SIZE": "number",
    "THREADS": "number",
    "HEALTH_ENDPOINTS": "flag",
    "READINESS_TIMEOUT": "number",
    "REQUEST_IDS": "flag",
    "ACCESS_LOG": "flag",
    "SLOW_REQUEST_SECONDS": "number",
    "BODY_SPOOL_SIZE": "number",
    "BODY_SPOOL_FOLDER": "path",
    "BACKGROUND_TASK_SHUTDOWN_TIMEOUT": "number",
    "WEBSOCKET_QUEUE_SIZE": "number",
    "WEBSOCKET_SEND_TIMEOUT": "number",
    "STATIC_HASH": "flag",
    "STATIC_MEMORY": "number",
    "STATIC_ORIGIN": (_is_origin, "an origin, as in 'https://cdn.example', with or without a path behind it"),
    "WEBSOCKET_MAX_MESSAGE": "number",
    "WEBSOCKET_IDLE_TIMEOUT": "number",
}
