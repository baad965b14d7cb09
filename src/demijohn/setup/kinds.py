"""Whether settings are of the kinds that they can be: found at start-up, not by the first visitor.

What Flask takes is taken. This module must not know what settings do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from demijohn.errors import WrongSetting

__all__ = ["check_settings"]


def check_settings(config: Mapping[str, Any]) -> None:
    """Look at the kinds of settings.

    :raises WrongSetting: for one that is of a kind it cannot be.
    """
    for name, (fits, expected) in _KINDS.items():
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
    return isinstance(value, (int, float, timedelta)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_KEY = (_is_key, "a text or bytes (from the environment, digits alone are a number: quote them)")
_TEXTS = (lambda value: _all(value, _is_text), "a list of texts, or one text")
_TIME = (_is_time, "a datetime.timedelta or a number of seconds")
_COUNT = (_is_count, "a number")
_REDIRECTS = (301, 302, 303, 307, 308)

#: By setting: whether a value fits, and what is expected. None always fits.
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "SECRET_KEY": _KEY,
    "SECRET_KEY_FALLBACKS": (
        lambda value: _all(value, _is_key),
        "a list of keys, or one key: texts or bytes",
    ),
    "REDIRECT_CODE": (lambda value: value in _REDIRECTS, "a status: 301, 302, 303, 307 or 308"),
    "REDIRECT_SCHEMES": _TEXTS,
    "TRUSTED_HOSTS": _TEXTS,
    "WEBSOCKET_ORIGINS": _TEXTS,
    "PERMANENT_SESSION_LIFETIME": _TIME,
    "MAX_CONTENT_LENGTH": _COUNT,
    "MAX_FORM_MEMORY_SIZE": _COUNT,
    "MAX_FORM_PARTS": _COUNT,
    "MAX_FORM_FILES": _COUNT,
    "MAX_QUERY_FIELDS": _COUNT,
    "MAX_COOKIE_SIZE": _COUNT,
    "THREADS": _COUNT,
    "BODY_SPOOL_SIZE": _COUNT,
    "WEBSOCKET_QUEUE_SIZE": _COUNT,
    "WEBSOCKET_SEND_TIMEOUT": _COUNT,
}
