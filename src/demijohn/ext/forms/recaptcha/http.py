"""Asking the service. A module of its own, whose function tests of applications replace.

This module must not know what is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demijohn.extend import later

if TYPE_CHECKING:
    from urllib import request
else:
    request = later("urllib.request")  # 15 ms: it brings http.client, email and ssl

__all__ = ["urlopen"]

#: Seconds after which a service that says nothing is taken to be away.
TIMEOUT = 10.0


def urlopen(url: str, data: bytes) -> Any:
    """The answer to a form that is posted to an address.

    :raises OSError: when there is none, or one that is an error.
    """
    return request.urlopen(url, data, timeout=TIMEOUT)
