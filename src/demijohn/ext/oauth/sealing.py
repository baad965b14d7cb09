"""Values that nobody else can read: encrypted for one purpose, under keys derived from the secret key.

JSON Web Encryption (RFC 7516), ``dir`` with A256GCM. The newest key seals; ``SECRET_KEY_FALLBACKS`` are read as well.
This module must not know what is sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from demijohn import current_app
from demijohn.extend import later

if TYPE_CHECKING:
    from joserfc import jwe, jwk
else:
    jwe = later("joserfc.jwe")  # and with it cryptography: 30 ms, which nobody needs who signs nobody in
    jwk = later("joserfc.jwk")

__all__ = ["seal", "unseal"]

#: More than any token, and less than what would be worth to decrypt for a stranger.
MAX_SEALED = 64 * 1024


def seal(purpose: str, value: object) -> str:
    """A value as text that only this application can read.

    :param purpose: What it is for: a value sealed for one purpose cannot be read for another.
    :param value: Anything that JSON can hold.
    :raises RuntimeError: without a ``SECRET_KEY``.
    """
    key = _key(purpose, _secret_keys()[0])
    data = json.dumps(value, separators=(",", ":")).encode()
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, data, key)


def unseal(purpose: str, text: object) -> Any:
    """The value of a sealed text, or None when it was not sealed here for this purpose."""
    if not isinstance(text, str) or len(text) > MAX_SEALED:
        return None
    for secret in _secret_keys():
        try:
            found = jwe.decrypt_compact(text, _key(purpose, secret), algorithms=["dir", "A256GCM"])
            return None if found.plaintext is None else json.loads(found.plaintext)
        except Exception:  # whatever is wrong with it, it is none of ours
            continue
    return None


def _secret_keys() -> list[bytes]:
    """The keys, the newest first."""
    config = current_app.config
    if not current_app.secret_key:
        raise RuntimeError("Signing in with others needs a secret key: set SECRET_KEY.")
    older = config.get("SECRET_KEY_FALLBACKS") or ()
    keys = [current_app.secret_key, *([older] if isinstance(older, str | bytes) else older)]
    return [key.encode() if isinstance(key, str) else key for key in keys]


@lru_cache(maxsize=64)
def _key(purpose: str, secret: bytes) -> Any:
    """The key for a purpose: HKDF with SHA-256 (RFC 5869), one block."""
    prk = hmac.new(b"demijohn.ext.oauth", secret, hashlib.sha256).digest()
    derived = hmac.new(prk, purpose.encode() + b"\x01", hashlib.sha256).digest()
    return jwk.OctKey.import_key(derived)
