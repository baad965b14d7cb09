"""Who may see pages of the debugger and use its console: hosts, the token of its pages, the PIN.

A page of another site can make a browser send requests to this machine, under a name of its own that leads here as
well. So the Host has to be this machine's, or one that the developer has named. The console asks for a token too,
which only pages of the debugger have, and for the PIN, which the terminal has. This module must not know a request.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from threading import Lock

from demijohn.http.host import host_is_trusted

#: Wrong PINs after which none is right any more.
TRIES = 10

_ON = frozenset({"1", "true", "yes"})


def new_key() -> str:
    """A key from which PIN, token and cookie of one start of the server are made."""
    return secrets.token_hex(32)


def pin_of(key: str, local: bool, environ: Mapping[str, str] = os.environ) -> str | None:
    """The PIN; None where ``DEMIJOHN_DEBUG_PIN=off`` leaves it out, which it can on this machine only."""
    wanted = environ.get("DEMIJOHN_DEBUG_PIN", "").strip()
    if wanted.lower() == "off" and local:
        return None
    if wanted and wanted.lower() != "off":
        return wanted
    digits = f"{int(_made(key, 'pin'), 16) % 10**9:09}"
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def _made(key: str, purpose: str) -> str:
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def is_this_machine(host: str | None) -> bool:
    """Whether a Host names the machine itself: ``localhost``, a name below it, or a loopback address."""
    if not host or not host_is_trusted(host):
        return False
    name = re.sub(r":\d+$", "", host).strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Locked(Exception):
    """No PIN is looked at any more, until the server starts again."""


class Guard:
    """Says what a request may.

    :param key: See :func:`new_key`.
    :param local: Whether the server listens for this machine only.
    :param remote: Whether pages are shown under any Host.
    """

    def __init__(
        self, key: str, local: bool = True, remote: bool = False, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.pin = pin_of(key, local, environ)
        self.token = _made(key, "token")
        #: Of this start of the server, so that those on other ports of this machine keep theirs.
        self.cookie_name = f"demijohn_debugger_{_made(key, 'name')[:8]}"
        self.cookie = _made(key, "cookie")
        self._remote = remote or environ.get("DEMIJOHN_ALLOW_REMOTE_DEBUG", "").lower() in _ON
        self._hosts = [name for name in re.split(r"[\s,]+", environ.get("DEMIJOHN_DEBUG_HOSTS", "")) if name]
        self._lock = Lock()
        self._wrong = 0

    def trusts(self, host: str | None) -> bool:
        """Whether a Host is this machine's, or one that the developer has named."""
        return is_this_machine(host) or (bool(self._hosts) and host_is_trusted(host, self._hosts))

    def shows(self, host: str | None) -> bool:
        """Whether pages are shown under this Host."""
        return self._remote or self.trusts(host)

    def knows(self, token: str | None) -> bool:
        """Whether a token is that of the pages."""
        return token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def is_open(self, cookie: str | None) -> bool:
        """Whether a browser has given the PIN, or needs none."""
        if self.pin is None:
            return True
        return cookie is not None and hmac.compare_digest(cookie.encode(), self.cookie.encode())

    def try_pin(self, given: str) -> int | None:
        """How many wrong PINs are left after this one; None for the right one.

        :raises Locked: when there have been too many, whatever this one is.
        """
        with self._lock:
            if self._wrong >= TRIES:
                raise Locked
            if self.pin is None or hmac.compare_digest(_bare(given), _bare(self.pin)):
                self._wrong = 0
                return None
            self._wrong += 1
            return TRIES - self._wrong


def _bare(pin: str) -> bytes:
    return pin.replace("-", "").replace(" ", "").encode()
