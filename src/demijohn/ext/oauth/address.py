"""The address that a provider sends browsers back to, and whether anybody on the way could read along.

It comes from the request, as ``TRUSTED_PROXIES`` and ``PREFERRED_URL_SCHEME`` have it, unless the blueprint was given
one (``redirect_uri=``).
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from demijohn import current_app, has_request_context, url_for

__all__ = ["is_loopback", "is_plain", "return_address"]

#: What to do about an address that anybody on the way can read.
MEND = (
    "Serve the application by HTTPS. Behind a proxy that does, say so: with TRUSTED_PROXIES = 1 its X-Forwarded-Proto"
    " counts, and with PREFERRED_URL_SCHEME = 'https' every such address begins with that."
)


def return_address(endpoint: str, given: str | None) -> str:
    """The whole address of a blueprint's ``authorized`` view.

    :param endpoint: Its endpoint.
    :param given: The address that the blueprint was told to use, which goes before all else.
    """
    if given:
        return given
    address = url_for(endpoint, _external=True)
    parts = urlsplit(address)
    preferred = current_app.config.get("PREFERRED_URL_SCHEME")
    if has_request_context() and preferred == "https" and not is_loopback(parts.hostname or ""):
        return urlunsplit(parts._replace(scheme="https"))
    return address


def is_plain(address: str) -> bool:
    """Whether an address is one of plain HTTP that leaves this machine."""
    parts = urlsplit(address)
    return parts.scheme != "https" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host's name is this machine's: localhost, 127.0.0.0/8 or ::1 (RFC 6761, 6890)."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost") or host == "::1":
        return True
    parts = host.split(".")
    return parts[0] == "127" and len(parts) == 4 and all(part.isdecimal() for part in parts)
