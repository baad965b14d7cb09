"""The nouns: a limit as it was written, and what one request has found of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demijohn import Response
from demijohn.ext.ratelimit.counts import Counts, Unavailable
from demijohn.extend import later

if TYPE_CHECKING:
    import limits
else:
    limits = later("limits")  # 60 ms, by its storages; nobody asks before a limit is written


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
    :param on_breach: Takes the :class:`RequestLimit` that was reached; a response that it returns is answered.
    :param meta_limits: How often the limit may be reached, before nothing passes any more.
    """

    limit_provider: str | Callable[[], str]
    key_function: Callable[[], str] | None = None
    scope: str | Callable[[str], str] | None = None
    cost: int | Callable[[], int] = 1
    shared: bool = False
    methods: Sequence[str] | None = None
    per_method: bool = False
    error_message: str | Callable[[], str] | None = None
    meta_limits: Iterable[str | Callable[[], str] | MetaLimit] | None = None
    exempt_when: Callable[[], bool] | None = None
    deduct_when: Callable[[Response], bool] | None = None
    on_breach: Callable[[RequestLimit], Response | None] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.limit_provider, str):
            parsed(self.limit_provider)  # a limit that cannot be read is told where it is written
        self.meta_limits = [
            limit if isinstance(limit, MetaLimit) else MetaLimit(limit) for limit in self.meta_limits or ()
        ]
        for meta in self.metas:
            meta.key_function = meta.key_function or self.key_function

    @property
    def metas(self) -> list[MetaLimit]:
        """How often the limit may be reached."""
        found: Any = self.meta_limits
        return list(found)

    def items(self) -> list[Any]:
        """The limits of ``limits`` that hold for this request."""
        given = self.limit_provider
        text = given if isinstance(given, str) else given()
        return parsed(text) if text else []

    def applies(self, method: str) -> bool:
        """Whether a request is counted."""
        if self.methods is not None and method.upper() not in {m.upper() for m in self.methods}:
            return False
        return self.exempt_when is None or not self.exempt_when()

    def counted_as(self, endpoint: str, method: str) -> str:
        """The name of the count, without whose it is."""
        scope = self.scope(endpoint) if callable(self.scope) else self.scope
        scope = str(scope) if scope is not None else None
        name = scope or endpoint if self.shared else ":".join(filter(None, (endpoint, scope)))
        return f"{name}:{method}" if self.per_method else name

    def price(self) -> int:
        """How much this request counts."""
        return self.cost() if callable(self.cost) else self.cost

    def message(self) -> str | None:
        """The text of the 429."""
        return self.error_message() if callable(self.error_message) else self.error_message


@dataclass(slots=True, kw_only=True)
class ApplicationLimit(Limit):
    """A limit for all views together."""

    limit_provider: str | Callable[[], str] = field(kw_only=False)
    scope: str | Callable[[str], str] | None = "global"
    shared: bool = field(default=True, init=False)


@dataclass(slots=True, kw_only=True)
class MetaLimit(Limit):
    """How often another limit, or any, may be reached: after that nothing passes until its time is over."""

    limit_provider: str | Callable[[], str] = field(kw_only=False)
    scope: str | Callable[[str], str] | None = "meta"
    shared: bool = field(default=True, init=False)
    meta_limits: Iterable[str | Callable[[], str] | MetaLimit] | None = field(default=None, init=False)
    deduct_when: Callable[[Response], bool] | None = field(default=None, init=False)


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
    """What a request has found of a limit. What is left is asked when it is read, and kept.

    :param counts: Where it is counted.
    :param limit: The limit, of the library ``limits``.
    :param counted_as: Whose count, and which.
    :param breached: Whether it was reached.
    :param shared: Whether several views are counted together.
    """

    def __init__(
        self, counts: Counts, limit: Any, counted_as: str, breached: bool, shared: bool = False
    ) -> None:
        self.limit = limit
        self.counted_as = counted_as
        self.breached = breached
        self.shared = shared
        self._counts = counts
        self._window: tuple[int, int | None] | None = None

    @property
    def key(self) -> str:
        """The name of the count in the storage."""
        name: str = self.limit.key_for(self.counted_as)
        return name

    @property
    def window(self) -> tuple[int, int | None]:
        """How many are left; and when there is room again, None where nobody can tell."""
        if self._window is None:
            try:
                remaining, reset = self._counts.window(self.limit, self.counted_as)
                self._window = remaining, int(reset + 1)
            except Unavailable as error:
                if self._counts.strict:
                    raise (error.__cause__ or error) from None
                self._window = 0, None
        return self._window

    def forget(self) -> None:
        """Ask again what is left, since it was counted meanwhile."""
        self._window = None

    @property
    def remaining(self) -> int:
        """How many are left."""
        return self.window[0]

    @property
    def reset_at(self) -> int | None:
        """When there is room again, in seconds since the epoch; None where nobody can tell."""
        return self.window[1]

    @property
    def seconds_left(self) -> int:
        """Seconds until there is room again."""
        return max(0, int((self.reset_at or 0) - time.time()))

    def __repr__(self) -> str:
        return f"<RequestLimit {self.limit} of {self.counted_as!r}>"
