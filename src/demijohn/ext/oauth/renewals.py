"""New tokens for old ones, once: requests that find the same token expired at the same time share one answer.

A provider may take a second use of a refresh token for theft, and end the grant (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from demijohn.ext.oauth.ports import Token

__all__ = ["Renewals"]

#: How many seconds an answer stands for those who come late with the old token, and how many answers are kept.
LATE, MOST = 30, 1000


class _Renewal:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun = time.monotonic()
        self.token: Any = None


class Renewals:
    """The renewals of one blueprint."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Renewal] = OrderedDict()

    def renew(self, token: Token, ask: Callable[[], Any]) -> Any:
        """The token that ``ask()`` gets for one that has expired, which is asked for once.

        :raises Exception: what ``ask()`` raises; then the next one asks again.
        """
        name = hashlib.sha256(f"{token['refresh_token']} {token.get('access_token')}".encode()).hexdigest()
        with self._lock:
            old = time.monotonic() - LATE
            while self._known and (len(self._known) > MOST or next(iter(self._known.values())).begun < old):
                self._known.popitem(last=False)
            renewal = self._known.setdefault(name, _Renewal())
        with renewal.lock:
            if renewal.token is None:
                renewal.token = ask()
            return dict(renewal.token)
