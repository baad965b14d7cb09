"""Where counts are kept, and what happens while that cannot be reached.

This module must not know whose counts they are, nor of requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from demijohn.extend import later, needs

if TYPE_CHECKING:
    from limits import errors, storage, strategies
else:
    errors = later("limits.errors")
    storage = later("limits.storage")  # 60 ms, when the first request is counted
    strategies = later("limits.strategies")

#: Seconds between two lines of the log that say the same, and for which a storage that failed is not asked again.
_SAY_AGAIN = 60.0
_PAUSE = 1.0

#: What waits at most so long: a limit must not hold up what it is to protect.
_TIMEOUTS = {"socket_connect_timeout": 1.0, "socket_timeout": 1.0}


class Unavailable(Exception):
    """The storage cannot be reached; its own error is the cause."""


class Counts:
    """Counts of one storage.

    :param uri: The storage, such as ``memory://`` or ``redis://host:6379/0``.
    :param options: What the storage takes besides.
    :param strategy: How time is cut up: ``fixed-window``, ``moving-window`` or ``sliding-window-counter``.
    :param say: Logs what is wrong.
    :param patient: Whether a storage that failed is let alone for a second.
    :raises limits.errors.ConfigurationError: for a strategy that does not exist, which is a ValueError too.
    """

    def __init__(
        self, uri: str, options: dict[str, Any], strategy: str, say: Callable[[str], None], patient: bool = True
    ) -> None:  # fmt: skip
        #: Whether what reads a window is handed the storage's own error.
        self.strict = False
        self.in_memory = uri.startswith("memory:")
        if strategy not in strategies.STRATEGIES:
            raise _unknown(strategy)
        if uri.startswith("redis"):
            with needs("redis"):
                # Named here: the library says that it is missing in words of its own.
                import_module("redis")
        timeouts = _TIMEOUTS if uri.startswith(("redis", "valkey")) else {}
        self.storage: Any = storage.storage_from_string(uri, **{**timeouts, **options})
        self.strategy: Any = strategies.STRATEGIES[strategy](self.storage)
        self._say = say
        self._pause = _PAUSE if patient else 0.0
        self._said_at = -_SAY_AGAIN
        self._failed_at = -_PAUSE

    def hit(self, limit: Any, key: str, cost: int) -> bool:
        """Count one request, and tell whether there was room for it.

        :raises Unavailable: when the storage does not answer.
        """
        return bool(self._asked(lambda: self.strategy.hit(limit, key, cost=cost)))

    def test(self, limit: Any, key: str, cost: int) -> bool:
        """Whether there is room for one request, which is not counted.

        :raises Unavailable: when the storage does not answer.
        """
        return bool(self._asked(lambda: self.strategy.test(limit, key, cost=cost)))

    def window(self, limit: Any, key: str) -> tuple[int, float]:
        """How many are left, and when there is room again.

        :raises Unavailable: when the storage does not answer.
        """
        found = self._asked(lambda: self.strategy.get_window_stats(limit, key))
        return found[1], found[0]

    def reset(self) -> None:
        """Forget all counts.

        :raises Unavailable: when the storage does not answer.
        """
        self._asked(self.storage.reset)

    def _asked(self, ask: Callable[[], Any]) -> Any:
        now = time.monotonic()
        if self._pause and now - self._failed_at < self._pause:
            raise Unavailable
        try:
            return ask()
        except Exception as error:  # whatever the storage's own library raises
            self._failed_at = time.monotonic()
            if now - self._said_at >= _SAY_AGAIN:
                self._said_at = now
                self._say(f"Rate limits cannot be counted: {type(error).__name__}: {error}")
            raise Unavailable from error


def _unknown(strategy: str) -> Exception:
    class UnknownStrategy(errors.ConfigurationError, ValueError):
        """A strategy that does not exist."""

    return UnknownStrategy(
        f"RATELIMIT_STRATEGY is {strategy!r}: it can be {', '.join(strategies.STRATEGIES)}."
    )
