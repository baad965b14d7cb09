"""The signed tokens of forms: Flask-WTF's, each way, but that no two look alike.

A token is the session's secret, signed with the time. Text that is in every answer can be guessed from the length
of compressed answers, letter by letter (BREACH), so the secret is written differently in each token: as JSON text
of which a random half of the letters is escaped. This module must not know of requests.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, SignatureExpired
from itsdangerous.encoding import base64_encode
from wtforms import ValidationError

from demijohn.extend import BoundedTimedSerializer, later

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = later("msgspec")  # 4 ms; the session imports it too, when there is one

#: Longer ones are not looked at: Flask-WTF's have some 90 characters, ours up to 400.
_LONGEST = 4096

#: Escapes of JSON for what a secret consists of.
_ESCAPES = {letter: f"\\u{ord(letter):04x}" for letter in "0123456789abcdef"}


class _Masked:
    """JSON, but that text of hexadecimal digits is written differently each time."""

    @staticmethod
    def dumps(secret: Any) -> str:
        """The text of a secret."""
        if not isinstance(secret, str) or not _ESCAPES.keys() >= set(secret):
            return json.dumps(secret)  # the application's own
        bits = secrets.randbits(len(secret) or 1)
        letters = [_ESCAPES[letter] if bits >> place & 1 else letter for place, letter in enumerate(secret)]
        return f'"{"".join(letters)}"'

    @staticmethod
    def loads(text: str) -> Any:
        """The secret again."""
        return msgspec.json.decode(text)


class _Serializer(BoundedTimedSerializer):
    def dump_payload(self, obj: object) -> bytes:
        """The text, not compressed: it would take as long as all else."""
        return base64_encode(_Masked.dumps(obj))


@lru_cache(maxsize=16)
def _serializer(keys: tuple[str | bytes, ...]) -> _Serializer:
    # PERF: kept, because it costs 20 us to make, and a token 5. The rest is what Flask-WTF has.
    return _Serializer(keys, "wtf-csrf-token", _Masked(), "django-concat", sha1, _LONGEST, _LONGEST)


def new_secret() -> str:
    """What a session keeps: 160 random bits."""
    return secrets.token_hex(20)


def make_token(secret: Any, keys: Sequence[str | bytes]) -> str:
    """A token of a session's secret; no two are alike.

    :param keys: The last one signs.
    :raises TypeError: when the secret cannot be written as JSON.
    """
    token: str = _serializer(tuple(keys)).dumps(secret)
    return token


def check_token(token: str, secret: Any, keys: Sequence[str | bytes], time_limit: float | None) -> None:
    """Hold a token to a session's secret.

    :param keys: Any of them may have signed.
    :param time_limit: How many seconds old it may be.
    :raises ValidationError: saying what is wrong.
    """
    limit = None if time_limit is None else int(time_limit)
    try:
        found = _serializer(tuple(keys)).loads(token, max_age=limit)
    except SignatureExpired as e:
        raise ValidationError("The CSRF token has expired.") from e
    except BadData as e:
        raise ValidationError("The CSRF token is invalid.") from e
    if not compare_digest(str(secret).encode(), str(found).encode()):
        raise ValidationError("The CSRF tokens do not match.")
