"""Content-Security-Policy: directives from settings and routes, as the text of the header field.

::

    policy = Policy({"default-src": ["'self'"], "script-src": ["'self'", "'nonce'"]})
    policy.text("r4nd0m")       # default-src 'self'; script-src 'self' 'nonce-r4nd0m'

The source ``'nonce'`` stands for the nonce of one answer; an answer that has none is sent without. This module
must not know of requests, responses or settings: callers pass values in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = ["DEFAULT", "Directives", "NONCE", "Policy", "STRICT", "parse_policy"]

#: What stands for the nonce of an answer.
NONCE = "'nonce'"

_UNSAFE_INLINE = "'unsafe-inline'"

#: What is given: sources by directive; a text is split at its spaces, None leaves the directive out.
Directives: TypeAlias = Mapping[str, Iterable[str] | str | None]

#: What every page can have, whatever its scripts: nobody frames it, plants a base or embeds a plug-in.
DEFAULT: dict[str, list[str]] = {
    "frame-ancestors": ["'self'"],
    "base-uri": ["'self'"],
    "object-src": ["'none'"],
}

#: Only this site's own, and of scripts and styles those in the page that carry the nonce.
STRICT: dict[str, list[str]] = {
    "default-src": ["'self'"],
    "script-src": ["'self'", NONCE],
    "style-src": ["'self'", NONCE],
    "form-action": ["'self'"],
    **DEFAULT,
}

_directive = re.compile(r"[a-z][a-z0-9-]*")
#: No character that would end the source, the directive or the header field (CSP 3, section 2.2.1).
_source = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e]+")
_PLACE = "\0"


class Policy:
    """A policy, its text ready but for the nonce.

    :param directives: Sources by directive.
    :raises ValueError: for a directive or a source that would break out of its place.
    """

    __slots__ = ("_plain", "_with_nonce", "directives", "wants_nonce")

    def __init__(self, directives: Directives) -> None:
        self.directives: dict[str, tuple[str, ...]] = {}
        for name, given in directives.items():
            if given is not None:
                self.directives[_checked(name)] = _sources(name, given)
        #: Whether a source stands for the nonce.
        self.wants_nonce = any(NONCE in sources for sources in self.directives.values())
        self._with_nonce = _written(self.directives, f"'nonce-{_PLACE}'")
        self._plain = _written(self.directives, None)

    def text(self, nonce: str | None = None) -> str:
        """The value of the header field.

        :param nonce: What stands in the place of ``'nonce'``; None leaves the place out.
        """
        return self._plain if nonce is None else self._with_nonce.replace(_PLACE, nonce)

    def replaced(self, directives: Directives) -> Policy:
        """A policy with these directives in place of its own of the same names.

        Where one of them says ``'unsafe-inline'``, it comes without the nonce: beside one, browsers ignore it.
        """
        merged: dict[str, tuple[str, ...]] = dict(self.directives)
        for name, given in directives.items():
            if given is None:
                merged.pop(name.lower(), None)
                continue
            sources = _sources(name, given)
            if _UNSAFE_INLINE in sources:
                sources = tuple(source for source in sources if source != NONCE)
            merged[name.lower()] = sources
        return Policy(merged)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text()!r})"


def parse_policy(given: Policy | Directives | str | None) -> Policy | None:
    """The policy that a setting or a route says.

    :param given: Directives, ``"strict"``, or a policy as it stands in a header field; None for none.
    :raises ValueError: for a directive or a source that would break out of its place.
    :raises TypeError: for what is none of these.
    """
    if given is None or isinstance(given, Policy):
        return given
    if isinstance(given, str):
        if given == "strict":
            return Policy(STRICT)
        parts = [part.split() for part in given.split(";") if part.strip()]
        return Policy({name: sources for name, *sources in parts})
    if isinstance(given, Mapping):
        return Policy(given)
    raise TypeError(
        f"A Content-Security-Policy is a dictionary of directives, 'strict', a text or None, not {given!r:.80}."
    )


def _checked(name: str) -> str:
    lowered = name.lower()
    if not _directive.fullmatch(lowered):
        raise ValueError(f"{name!r} is no directive of a Content-Security-Policy: write it as 'script-src'.")
    return lowered


def _sources(name: str, given: Iterable[str] | str) -> tuple[str, ...]:
    sources = tuple(given.split() if isinstance(given, str) else given)
    for source in sources:
        if not _source.fullmatch(source):
            raise ValueError(
                f"{source!r} in the directive {name!r} is no source: one source has no space, comma, semicolon"
                " or control character. Write each as an element of the list."
            )
    return sources


def _written(directives: Mapping[str, tuple[str, ...]], nonce: str | None) -> str:
    written = []
    for name, sources in directives.items():
        shown = [source if source != NONCE else nonce for source in sources]
        values = [source for source in shown if source is not None]
        if sources and not values:
            values = ["'none'"]  # an empty list means the same; this says so
        written.append(" ".join((name, *values)))
    return "; ".join(written)
