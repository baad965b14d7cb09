"""What a request says of itself, for those who need no request object.

An adapter whose server says it otherwise than in an environ has it without one. This module must not know how a
request is dispatched.
"""

from __future__ import annotations

from typing import Any


class Received:
    """The part of a request's context that reads what was received, by the environ and the request object."""

    _environ: Any
    environ: Any
    request: Any

    def said_elsewhere(self) -> tuple[str | None, str | None] | None:
        """What a browser says of where this comes from, Sec-Fetch-Site and Origin; None for nothing bad."""
        environ = self.environ if self._environ is None else self._environ
        site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
        ours = site == "same-origin" or site == "none" or (site is None and origin is None)
        return None if ours else (site, origin)

    def query_string(self) -> str:
        """The query string as an environ has it, empty without one."""
        query: str = self.environ.get("QUERY_STRING", "")
        return query

    def body(self) -> tuple[str | None, bytes] | None:
        """The Content-Type, None without one, and the body, where it is here already; None where it is not."""
        return None
