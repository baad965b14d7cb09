"""The signed tokens of forms: Flask-WTF's, each way, but that no two look alike.

A token is the session's secret, signed with the time. Text that is in every answer can be guessed from the length
of compressed answers, letter by letter (BREACH), so the secret is written differently in each token: as JSON text
of which a random half of the letters is escaped. This module must not know of requests.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from wtforms import ValidationError

#: Longer ones are not looked at: Flask-WTF's have some 90 characters, ours up to 400.
_LONGEST = 4096

#: Escapes of JSON for what a secret consists of.
_ESCAPES = {letter: f"\\u{ord(letter):04x}" for letter in "0123456789abcdef"}


class _Signing:
    """What signs and reads tokens with some keys.

    PERF: kept, because the serializer, its signer and their options cost 8 us to make, of 21 for a token.
    """

    def __init__(self, keys: tuple[str | bytes, ...]) -> None:
        self.serializer: Any = URLSafeTimedSerializer(keys, salt="wtf-csrf-token")
        self.signer: Any = self.serializer.make_signer()


@lru_cache(maxsize=16)
def _signing(keys: tuple[str | bytes, ...]) -> _Signing:
    return _Signing(keys)


def new_secret() -> str:
    """What a session keeps: 160 random bits."""
    return secrets.token_hex(20)


def make_token(secret: Any, keys: Sequence[str | bytes]) -> str:
    """A token of a session's secret; no two are alike.

    :param keys: The last one signs.
    :raises TypeError: when the secret cannot be written as JSON.
    """
    signing = _signing(tuple(keys))
    text = _masked(secret) if isinstance(secret, str) else None
    if text is None:  # the application's own
        token: str = signing.serializer.dumps(secret)
        return token
    signed: bytes = signing.signer.sign(base64_encode(text))
    return signed.decode("ascii")


def _masked(secret: str) -> str | None:
    bits = secrets.randbits(len(secret) or 1)
    letters = []
    for letter in secret:
        escape = _ESCAPES.get(letter)
        if escape is None:
            return None
        letters.append(escape if bits & 1 else letter)
        bits >>= 1
    return f'"{"".join(letters)}"'


def check_token(token: str, secret: Any, keys: Sequence[str | bytes], time_limit: float | None) -> None:
    """Hold a token to a session's secret.

    :param keys: Any of them may have signed.
    :param time_limit: How many seconds old it may be.
    :raises ValidationError: saying what is wrong.
    """
    signing = _signing(tuple(keys))
    try:
        if len(token) > _LONGEST:
            raise BadData("too long")
        payload = signing.signer.unsign(token, max_age=time_limit)
        found = signing.serializer.load_payload(payload)
    except SignatureExpired as e:
        raise ValidationError("The CSRF token has expired.") from e
    except BadData as e:
        raise ValidationError("The CSRF token is invalid.") from e
    if not hmac.compare_digest(str(secret).encode(), str(found).encode()):
        raise ValidationError("The CSRF tokens do not match.")
