"""Who asks."""

from __future__ import annotations

from demijohn import request


def get_remote_address() -> str:
    """The address of who asks: the other end of the connection, or what trusted proxies say of it.

    An ``X-Forwarded-For`` that nobody was told to trust (``TRUSTED_PROXIES``) is not read.
    """
    return request.remote_addr or "127.0.0.1"
