"""Sessions in Redis or Valkey, which drop them by themselves when their time is over.

It uses what Redis 2.6 has. A lost connection is made anew by the next command; this module must not
decide what a request gets while there is none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from demijohn.later import needs
from demijohn.sessions.server_side.store import Stored, StoreUnavailable


class RedisStore:
    """Keeps sessions in Redis or Valkey.

    :param client: The URL, or a client of redis-py or valkey-py (without ``decode_responses``).
    :param prefix: Begins each key.
    :param timeout: Seconds to wait for an answer, for a client that is made here. It is tried anew
        once when the connection was lost, and not when the time is over.
    """

    def __init__(
        self, client: Any = "redis://localhost:6379/0", prefix: str = "session:", timeout: float = 1.0
    ) -> None:
        self._made_here = isinstance(client, str)
        self.client = _connected(client, timeout) if isinstance(client, str) else client
        self.prefix = prefix
        self._errors = _errors_of(self.client)
        if getattr(getattr(self.client, "get_encoder", lambda: None)(), "decode_responses", False):
            raise ValueError(
                "The Redis client decodes what it reads (decode_responses=True), and sessions are bytes:"
                " give the session store a client of its own."
            )

    def close(self) -> None:
        """Close the connections of a client that was made here; the next request opens another."""
        if self._made_here:
            self.client.close()

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except self._errors as e:
            raise StoreUnavailable(f"Redis: {e}") from e

    def get(self, key: str) -> Stored | None:
        """As :meth:`SessionStore.get`."""
        with self._available():
            both = self.client.pipeline(transaction=False)
            data, milliseconds = both.get(self.prefix + key).pttl(self.prefix + key).execute()
        return None if data is None else Stored(data, milliseconds / 1000)

    def create(self, key: str, data: bytes, lifetime: int) -> None:
        """As :meth:`SessionStore.create`."""
        with self._available():
            self.client.set(self.prefix + key, data, ex=lifetime)

    def claim(self, key: str, data: bytes, lifetime: int) -> bool:
        """As :meth:`SessionStore.claim`."""
        with self._available():
            return bool(self.client.set(self.prefix + key, data, ex=lifetime, nx=True))

    def replace(self, key: str, data: bytes, lifetime: int) -> bool:
        """As :meth:`SessionStore.replace`."""
        with self._available():
            return bool(self.client.set(self.prefix + key, data, ex=lifetime, xx=True))

    def touch(self, key: str, lifetime: int) -> None:
        """As :meth:`SessionStore.touch`."""
        with self._available():
            self.client.expire(self.prefix + key, lifetime)

    def delete(self, key: str) -> None:
        """As :meth:`SessionStore.delete`."""
        with self._available():
            self.client.delete(self.prefix + key)

    def clear_expired(self) -> int:
        """0: Redis does it itself."""
        return 0


def _connected(url: str, timeout: float) -> Any:
    with needs("redis"):
        # Imported here: an optional requirement, and heavy.
        import redis
        from redis.backoff import NoBackoff
        from redis.exceptions import ConnectionError
        from redis.retry import Retry
    retry = Retry(NoBackoff(), 1, (ConnectionError,))
    address = "redis" + url.removeprefix("valkey") if url.startswith("valkey") else url
    return redis.Redis.from_url(
        address, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry, retry_on_timeout=False
    )


def _errors_of(client: Any) -> tuple[type[Exception], ...]:
    """What commands of a client raise: redis-py's errors or valkey-py's."""
    for family in type(client).__mro__:
        root = family.__module__.partition(".")[0]
        if root in {"redis", "valkey"}:
            errors: Any = sys.modules[f"{root}.exceptions"]  # there is a client, so it is there
            base: type[Exception] = errors.RedisError if root == "redis" else errors.ValkeyError
            return base, OSError
    return (OSError,)
