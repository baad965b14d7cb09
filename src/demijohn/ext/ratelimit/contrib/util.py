"""Who asks, behind a proxy that names it in a field of its own."""

from __future__ import annotations

from demijohn import request


def get_remote_address_cloudflare() -> str:
    """The address that Cloudflare says a request came from.

    Only for a server that nobody else can reach: others write the field as they like.
    """
    return request.headers["CF-Connecting-IP"] or "127.0.0.1"
