"""Cross-Origin Resource Sharing: which origins' scripts may read what, as the header fields that say so.

The Fetch standard, section 3.2. This module must not know of requests, routes or applications: callers pass
values in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from demijohn.http.host import is_valid_host

__all__ = ["ANY", "HEADERS", "METHODS", "Sharing", "checked_origins"]

ANY = "*"

#: What scripts elsewhere may use when nobody says otherwise.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Content-Type",)

_origin = re.compile(r"[a-z][a-z0-9+.\-]*://([^/?#@]+)")
_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def checked_origins(origins: Iterable[str] | str, where: str) -> frozenset[str]:
    """Origins as browsers write them, in lower case and without the default port.

    :param where: Where they were written, for the message.
    :raises ValueError: for what is no origin.
    """
    return frozenset(_checked_origin(o, where) for o in ((origins,) if isinstance(origins, str) else origins))


def _checked_origin(origin: str, where: str) -> str:
    lowered = origin.lower()
    found = _origin.fullmatch(lowered)
    if found is None or not is_valid_host(found.group(1)):
        raise ValueError(
            f"{origin!r} in {where} is no origin: write scheme and host, and the port if it is not the default,"
            " such as 'https://shop.example', without a path, a slash at the end or a wildcard."
        )
    for scheme, port in (("http:", ":80"), ("https:", ":443")):
        if lowered.startswith(scheme):
            lowered = lowered.removesuffix(port)
    return lowered


class Sharing:
    """What scripts of other origins may do with the addresses below a path, or with a blueprint's.

    :param origins: The origins, or ``"*"`` for any.
    :param path: Where it holds: this path and what is below it. None only for a blueprint without a prefix.
    :param methods: The methods that they may use.
    :param headers: The request's header fields that they may set; ``"*"`` for any.
    :param expose: The answer's header fields that they may read, besides those that everybody may.
    :param credentials: Whether requests with cookies may be read.
    :param max_age: Seconds that browsers keep the answer to a preflight.
    :param blueprint: The registered name of the blueprint whose routes it is for; None for a path.
    :raises ValueError: for what is no origin, a path that is none, or any origin together with credentials.
    """

    __slots__ = (
        "_answer", "_any_header", "_preflight", "any_origin", "blueprint", "credentials", "origins", "path",
    )  # fmt: skip

    def __init__(
        self, origins: Iterable[str] | str, path: str | None, methods: Iterable[str] = METHODS,
        headers: Iterable[str] | str = HEADERS, expose: Iterable[str] = (), credentials: bool = False,
        max_age: int | None = 600, blueprint: str | None = None,
    ) -> None:  # fmt: skip
        listed = (origins,) if isinstance(origins, str) else tuple(origins)
        self.any_origin = ANY in listed
        if self.any_origin and credentials:
            raise ValueError(
                "cors() with the origin '*' and credentials=True would let every site act as your visitors, and"
                " browsers refuse it: list the origins."
            )
        if path is not None and not path.startswith("/"):
            raise ValueError(f"cors(path={path!r}): a path begins with a slash, such as '/api'.")
        self.origins = checked_origins((o for o in listed if o != ANY), "cors()")
        self.path = None if path is None else path.rstrip("/")
        self.blueprint = blueprint
        self.credentials = credentials
        self._any_header = headers == ANY or ANY in headers
        self._answer = [("Access-Control-Allow-Credentials", "true")] if credentials else []
        exposed = _names("expose", expose)
        self._preflight = [
            *self._answer,
            ("Access-Control-Allow-Methods", _names("methods", methods, upper=True)),
        ]
        if not self._any_header:
            allowed = _names("headers", headers)
            if allowed:
                self._preflight.append(("Access-Control-Allow-Headers", allowed))
        if max_age is not None:
            self._preflight.append(("Access-Control-Max-Age", str(int(max_age))))
        if exposed:
            self._answer.append(("Access-Control-Expose-Headers", exposed))

    def covers(self, path: str) -> bool:
        """Whether ``path`` is its path, or below it."""
        own = self.path
        return own is not None and (path.startswith(f"{own}/") or path == own)

    def may_cover(self, rule: str) -> bool:
        """Whether a path that the rule matches can be below its path."""
        own = self.path
        if own is None:
            return False
        fixed, variable, _ = rule.partition("<")
        return self.covers(fixed) or (bool(variable) and f"{own}/".startswith(fixed))

    def allows(self, origin: str | None) -> bool:
        """Whether scripts of this origin may read what is here."""
        return origin is not None and (self.any_origin or origin in self.origins)

    def answer(self, origin: str | None) -> list[tuple[str, str]]:
        """What an answer says to a page of this origin: nothing where it may not read it."""
        return [self._allowed(origin), *self._answer] if origin and self.allows(origin) else []

    def preflight(self, origin: str | None, headers: str | None) -> list[tuple[str, str]]:
        """What the answer to a preflight says.

        :param headers: The value of Access-Control-Request-Headers.
        """
        if not (origin and self.allows(origin)):
            return []
        fields = [self._allowed(origin), *self._preflight]
        if self._any_header and headers:
            asked = [name.strip() for name in headers[:4096].split(",")]
            named = ", ".join(name for name in asked if _token.fullmatch(name))
            fields.append(("Access-Control-Allow-Headers", named))
        return fields

    def _allowed(self, origin: str) -> tuple[str, str]:
        # Not the wildcard where an origin is listed beside it: that one is told by its name.
        return "Access-Control-Allow-Origin", ANY if origin not in self.origins else origin


def _names(where: str, names: Iterable[str] | str, *, upper: bool = False) -> str:
    listed = (names,) if isinstance(names, str) else tuple(names)
    for name in listed:
        if not _token.fullmatch(name):
            raise ValueError(f"{name!r} in cors({where}=...) is no name of a method or a header field.")
    return ", ".join(name.upper() if upper else name for name in listed)
