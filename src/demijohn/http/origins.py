"""What a browser says about where a request came from: Fetch Metadata, and Origin (RFC 6454).

Pages of other sites can have a browser send a form, with its cookies, but they can neither set nor
remove these two fields. This module must not know of requests, proxies or settings: callers pass values in.
"""

from __future__ import annotations

import re

from demijohn.http.host import is_valid_host

_origin = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://(.+)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def vouched(fetch_site: str | None, origin: str | None, host: str) -> bool | None:
    """Whether a browser vouches that a request comes from a page of this site.

    The schemes are not compared, since a TLS proxy may not have told that it spoke https: the default port of
    an origin's own scheme is the same as no port in ``host``.

    :param fetch_site: The value of Sec-Fetch-Site, None without one. Values that are no word of the
        standard are ignored, as it says.
    :param origin: The value of Origin, None without one. It is looked at where ``fetch_site`` says nothing.
    :param host: The ``name`` or ``name:port`` that the request was made to.
    :returns: True for ``same-origin``, or an Origin equal to ``host``. False for another site, or for an
        Origin that is none (``null``). None where no browser says anything, and for ``none``, which stands for
        the user: an address that was typed in, or a bookmark.
    """
    if fetch_site == "same-origin":
        return True
    if fetch_site in ("cross-site", "same-site"):
        return False
    if fetch_site == "none" or origin is None:
        return None
    return is_origin_of(origin, host)


def is_origin_of(origin: str, host: str) -> bool:
    """Whether ``origin`` has the name and port of ``host``; anything malformed has not."""
    found = _origin.fullmatch(origin)
    if found is None:
        return False
    scheme, authority = found.group(1).lower(), found.group(2).lower()
    if not is_valid_host(authority) or not is_valid_host(host):
        return False
    port = ":" + _DEFAULT_PORTS.get(scheme, "")
    return authority.removesuffix(port) == host.lower().removesuffix(port)
