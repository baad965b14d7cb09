"""Where a redirect may go: targets taken from users, locations taken from code.

A target is judged as browsers read it (the URL standard), not as RFC 3986 does: they drop
tabs and newlines, strip control characters and take ``\\`` for ``/``. Rather than clean a target
up, anything that a browser would clean up is refused, so the string that was checked is the
string that is sent. This module must not know of requests or responses.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from demijohn.http.host import is_valid_host

_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_absolute = re.compile(r"(https?)://([^/?#\\]+)(?:[/?#].*)?", re.IGNORECASE)
_control = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PORTS = {"http": ":80", "https": ":443"}


def is_safe_url(target: str | None, host: str | Collection[str], require_https: bool = False) -> bool:
    """Whether a browser sent to ``target`` stays on ``host``.

    Safe are references without a host (``/a``, ``a?b``, ``#c``) and http or https URLs of ``host``.
    Refused: an empty target, two slashes at the start, backslashes, a scheme without a host,
    user names, spaces around and control or other unprintable characters anywhere.

    :param target: What the user asked for, such as a ``next`` parameter.
    :param host: This site's ``name`` or ``name:port``, or several.
    :param require_https: Refuse http URLs.
    """
    if not target or not target.isprintable() or "\\" in target or target != target.strip():
        return False
    if target.startswith("//"):
        return False
    if target[0] in "/?#":
        return True
    if ":" not in re.split("[/?#]", target, maxsplit=1)[0]:
        return True
    absolute = _absolute.fullmatch(target)
    if absolute is None:
        return False
    scheme, authority = absolute.group(1).lower(), absolute.group(2)
    if (require_https and scheme != "https") or not is_valid_host(authority):
        return False
    hosts = (host,) if isinstance(host, str) else host
    return _without_port(scheme, authority) in {_without_port(scheme, own) for own in hosts}


def _without_port(scheme: str, host: str) -> str:
    return host.lower().removesuffix(_PORTS[scheme])


def safe_redirect_target(
    target: str | None, fallback: str, host: str | Collection[str], require_https: bool = False
) -> str:
    """``target``, unchanged, if it ``is_safe_url``; else ``fallback``."""
    return target if target is not None and is_safe_url(target, host, require_https) else fallback


def check_location(location: str, schemes: Collection[str] = ("http", "https")) -> str:
    """``location`` if it is relative or its scheme is allowed; other hosts are allowed.

    :param location: Where code wants to redirect to.
    :param schemes: The allowed ones, in lower case.
    :raises ValueError: when the scheme is another one (``javascript:``, ``data:``), or the location
        has control characters, or spaces or control characters before it.
    """
    if _control.search(location) or location != location.strip():
        raise ValueError(
            f"Redirect location {location[:100]!r} has control characters or spaces around it: remove them."
        )
    scheme = _scheme.match(location)
    if scheme is not None and scheme.group(1).lower() not in schemes:
        raise ValueError(
            f"Redirect location {location[:100]!r} has the scheme {scheme.group(1)!r}: only"
            f" {', '.join(schemes)} and relative locations are allowed. An application's own scheme is allowed by"
            " naming it in the setting REDIRECT_SCHEMES."
        )
    return location


def clean_location(path: str) -> str:
    """``path`` as a reference that stays on this host, for redirects within the site.

    Slashes and backslashes at the start become one slash, so ``//evil.example/`` cannot be
    read as a host; control characters are percent-encoded, so dropping them cannot either.

    :param path: A path, which may have a query; not a whole URL.
    """
    path = _control.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), path)
    return "/" + path.lstrip("/\\ ")
