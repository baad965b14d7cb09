"""The nouns: a limit as it was written, and what one request has found of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from demijohn import Response, request
from demijohn.extend import later

if TYPE_CHECKING:
    import limits
else:
    limits = later("limits")  # 60 ms, by its storages; nobody asks before a limit is written


def get_remote_address() -> str:
    """The address of who asks: the other end of the connection, or what trusted proxies say of it.

    An ``X-Forwarded-For`` that nobody was told to trust (``TRUSTED_PROXIES``) is not read.
    """
    return request.remote_addr or "127.0.0.1"


class HeaderNames(Enum):
    """The header fields that tell a client how much is left, as settings name them."""

    LIMIT = "RATELIMIT_HEADER_LIMIT"
    REMAINING = "RATELIMIT_HEADER_REMAINING"
    RESET = "RATELIMIT_HEADER_RESET"
    RETRY_AFTER = "RATELIMIT_HEADER_RETRY_AFTER"


@dataclass(slots=True)
class Limit:
    """How often, of whom, for what.

    :param limit_provider: The limits, such as ``"5/minute"`` or ``"5 per minute; 100/hour"``, or a function that
        says them for each request.
    :param key_function: Tells one client from another; the limiter's by default.
    :param scope: What is counted together: the endpoint by default, or what a function makes of that.
    :param cost: How much one request counts, or a function that says.
    :param shared: Whether ``scope`` is all that counts are told apart by.
    :param methods: The methods that are counted; all by default.
    :param per_method: Count each method by itself.
    :param error_message: The text of the 429, or a function that says it.
    :param exempt_when: A function that says when a request is not counted.
    :param deduct_when: A function that says, of its response, whether a request is counted.
    :param on_breach: Takes the :class:`RequestLimit` that was reached; what it returns other than None is answered.
    """

    limit_provider: str | Callable[[], str]
    key_function: Callable[[], str] | None = None
    scope: str | Callable[[str], str] | None = None
    cost: int | Callable[[], int] = 1
    shared: bool = False
    methods: Sequence[str] | None = None
    per_method: bool = False
    error_message: str | Callable[[], str] | None = None
    exempt_when: Callable[[], bool] | None = None
    deduct_when: Callable[[Response], bool] | None = None
    on_breach: Callable[[RequestLimit], Response | None] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.limit_provider, str):
            parsed(self.limit_provider)  # a limit that cannot be read is told where it is written

    def items(self) -> list[Any]:
        """The limits of ``limits`` that hold for this request."""
        given = self.limit_provider
        return parsed(given if isinstance(given, str) else given())

    def applies(self, method: str) -> bool:
        """Whether a request is counted."""
        if self.methods is not None and method.upper() not in {m.upper() for m in self.methods}:
            return False
        return self.exempt_when is None or not self.exempt_when()

    def counted_as(self, endpoint: str, method: str) -> str:
        """The name of the count, without whose it is."""
        scope = self.scope(endpoint) if callable(self.scope) else self.scope
        name = scope or endpoint if self.shared else ":".join(filter(None, (endpoint, scope)))
        return f"{name}:{method}" if self.per_method else name

    def price(self) -> int:
        """How much this request counts."""
        return self.cost() if callable(self.cost) else self.cost

    def message(self) -> str | None:
        """The text of the 429."""
        return self.error_message() if callable(self.error_message) else self.error_message


_parsed: dict[str, list[Any]] = {}


def parsed(text: str) -> list[Any]:
    """The limits in a text, kept for the next time.

    :raises ValueError: for a text that says none.
    """
    found = _parsed.get(text)
    if found is None:
        try:
            found = limits.parse_many(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is no limit: write it as '5/minute', '10 per 2 hours' or '5/minute; 100/day'."
            ) from None
        if len(_parsed) < 1024:
            _parsed[text] = found
    return found


class RequestLimit:
    """What a request has found of a limit.

    :param limit: The limit, of the library ``limits``.
    :param key: Whose count, and which.
    :param breached: Whether it was reached.
    :param remaining: How many are left.
    :param reset_at: When there is room again, in seconds since the epoch; None where nobody can tell.
    """

    def __init__(self, limit: Any, key: str, breached: bool, remaining: int, reset_at: int | None) -> None:
        self.limit = limit
        self.key = key
        self.breached = breached
        self.remaining = remaining
        self.reset_at = reset_at

    @property
    def seconds_left(self) -> int:
        """Seconds until there is room again, at least one."""
        return max(1, int((self.reset_at or 0) - time.time()) + 1)

    def __repr__(self) -> str:
        return f"<RequestLimit {self.limit} of {self.key!r}: {self.remaining} left>"
