"""Where counts are kept, and what happens while that cannot be reached.

This module must not know whose counts they are, nor of requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demijohn.ext.ratelimit.limit import RequestLimit
from demijohn.extend import later

if TYPE_CHECKING:
    from limits import storage, strategies
else:
    storage = later("limits.storage")  # 60 ms, when the first request is counted
    strategies = later("limits.strategies")

#: Seconds between two lines of the log that say the same, and for which a storage that failed is not asked again.
_SAY_AGAIN = 60.0
_PAUSE = 1.0

#: What waits at most so long: a limit must not hold up what it is to protect.
_TIMEOUTS = {"socket_connect_timeout": 1.0, "socket_timeout": 1.0}


class Unavailable(Exception):
    """The storage cannot be reached."""


class Counts:
    """Counts of one storage.

    :param uri: The storage, such as ``memory://`` or ``redis://host:6379/0``.
    :param options: What the storage takes besides.
    :param strategy: How time is cut up: ``fixed-window``, ``moving-window`` or ``sliding-window-counter``.
    :param say: Logs what is wrong.
    :raises ValueError: for a strategy that does not exist.
    """

    def __init__(self, uri: str, options: dict[str, Any], strategy: str, say: Callable[[str], None]) -> None:
        self.in_memory = uri.startswith("memory:")
        if strategy not in strategies.STRATEGIES:
            raise ValueError(
                f"RATELIMIT_STRATEGY is {strategy!r}: it can be {', '.join(strategies.STRATEGIES)}."
            )
        timeouts = _TIMEOUTS if uri.startswith(("redis", "valkey")) else {}
        self.storage: Any = storage.storage_from_string(uri, **{**timeouts, **options})
        self.strategy: Any = strategies.STRATEGIES[strategy](self.storage)
        self._say = say
        self._said_at = -_SAY_AGAIN
        self._failed_at = -_PAUSE

    def count(self, limit: Any, key: str, cost: int, *, only_look: bool = False) -> RequestLimit:
        """Count one request, and tell what is left.

        :param only_look: Do not count it, since it is not known yet whether it counts.
        :raises Unavailable: when the storage does not answer.
        """

        def ask() -> RequestLimit:
            take = self.strategy.test if only_look else self.strategy.hit
            passed = take(limit, key, cost=cost)
            window = self.strategy.get_window_stats(limit, key)
            return RequestLimit(limit, key, not passed, window.remaining, int(window.reset_time))

        made: RequestLimit = self._asked(ask)
        return made

    def reset(self) -> None:
        """Forget all counts.

        :raises Unavailable: when the storage does not answer.
        """
        self._asked(self.storage.reset)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        now = time.monotonic()
        if now - self._failed_at < _PAUSE:
            raise Unavailable
        try:
            return ask()
        except Exception as error:  # whatever the storage's own library raises
            self._failed_at = time.monotonic()
            if now - self._said_at >= _SAY_AGAIN:
                self._said_at = now
                self._say(f"Rate limits cannot be counted: {type(error).__name__}: {error}")
            raise Unavailable from error
