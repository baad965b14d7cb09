"""Passwords: hashed, verified at the same cost whether or not there is such a user, renewed when out of date.

    passwords = PasswordHasher()

    user = find_by_name(name)                                   # may be None
    stored = user.password if user else None
    if passwords.verify(stored, given):                         # takes as long for a user who is not there
        if passwords.needs_rehash(user.password):               # made with other settings than today's
            user.password = passwords.hash(given)

The hashes are Werkzeug's (scrypt, PBKDF2) or Argon2's (RFC 9106), which needs ``argon2-cffi``; each is
verified by what it says of itself, so a change of settings locks nobody out. This module must not know
of applications or requests.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from werkzeug.security import check_password_hash, generate_password_hash

from demijohn.extend import call, needs

__all__ = ["PasswordHasher"]

#: Names of Werkzeug's methods, and what they mean when they come without parameters.
_DEFAULTS = {"scrypt": "scrypt:32768:8:1", "pbkdf2": "pbkdf2:sha256:1000000"}


class PasswordHasher:
    """Hashes and verifies passwords.

    :param method: ``"argon2"``, or a method of :func:`werkzeug.security.generate_password_hash` with its
        parameters. The default is OWASP's recommendation for scrypt in 32 MB.
    :param salt_length: Characters of salt, for Werkzeug's methods.
    :param max_length: Bytes; a longer password is refused, so that nobody can have megabytes hashed.
    :param argon2: An ``argon2.PasswordHasher`` with parameters of its own; implies that method.
    """

    def __init__(
        self,
        method: str = "scrypt:32768:8:3",
        salt_length: int = 16,
        max_length: int = 4096,
        argon2: Any = None,
    ) -> None:
        self.method = "argon2" if argon2 is not None else _DEFAULTS.get(method, method)
        self.salt_length = salt_length
        self.max_length = max_length
        self._argon2 = argon2
        if self.method == "argon2" and argon2 is None:
            self._argon2 = _argon2().PasswordHasher()

    def hash(self, password: str) -> str:
        """The hash to store: a text that begins with its method and parameters.

        :raises ValueError: for a password that is longer than ``max_length``.
        """
        size = len(password.encode("utf-8", "surrogatepass"))
        if size > self.max_length:
            raise ValueError(f"The password has {size} bytes; at most {self.max_length} are taken.")
        return self._hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether a password is the one a hash was made of.

        :param stored: The hash, or None when there is no such user: then, too, a hash is computed,
            and the answer takes as long as "wrong password" does. So it does for a text that is no
            hash, such as the mark of an account without password.
        :param password: What was given.
        """
        size = len(password.encode("utf-8", "surrogatepass"))
        known = stored is not None and _is_hash(stored)
        if stored is None or not known or size > self.max_length or not _is_text(password):
            # Half a surrogate pair, which JSON can hold, stands in no password that was ever hashed.
            self._hash(password[: self.max_length // 4].encode("utf-8", "replace").decode())
            return False
        if stored.startswith("$argon2"):
            return self._verify_argon2(stored, password)
        return check_password_hash(stored, password)

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash was made with other settings than this object's: hash the password anew."""
        if stored.startswith("$argon2"):
            return self._argon2 is None or bool(self._argon2.check_needs_rehash(stored))
        method, _, rest = stored.partition("$")
        salt = rest.partition("$")[0]
        return _DEFAULTS.get(method, method) != self.method or len(salt) < self.salt_length

    async def ahash(self, password: str) -> str:
        """:meth:`hash` for async code: computed in a thread, because it takes a tenth of a second."""
        hashed: str = await call(self.hash, password)
        return hashed

    async def averify(self, stored: str | None, password: str) -> bool:
        """:meth:`verify` for async code: computed in a thread."""
        verified: bool = await call(self.verify, stored, password)
        return verified

    def _hash(self, password: str) -> str:
        if self._argon2 is not None:
            hashed: str = self._argon2.hash(password)
            return hashed
        return generate_password_hash(password, self.method, self.salt_length)

    def _verify_argon2(self, stored: str, password: str) -> bool:
        argon2 = _argon2()
        hasher = self._argon2 or argon2.PasswordHasher()
        try:
            return bool(hasher.verify(stored, password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHash):
            return False


def _is_hash(stored: str) -> bool:
    """Whether a text looks like one of the hashes verified here, whose computation takes its time."""
    method = stored.partition("$")[0].partition(":")[0]
    return stored.startswith("$argon2") or (method in _DEFAULTS and stored.count("$") == 2)


def _is_text(password: str) -> bool:
    """Whether UTF-8 can say it."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True


def _argon2() -> ModuleType:
    with needs("argon2"):
        # Imported here: an optional requirement.
        import argon2
    return argon2
