"""Sessions in this process' memory: for development and tests. A restart ends them all.

Another worker process does not see them, so a server with several needs another store.
"""

from __future__ import annotations

import time
from threading import Lock

from demijohn.sessions.server_side.store import Stored

_CREATIONS_PER_SWEEP = 256


class MemoryStore:
    """A dictionary, whose old records are swept out now and then."""

    #: Whether all processes that serve the application see the same.
    shared = False

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: dict[str, tuple[bytes, float]] = {}
        self._creations = 0

    def __len__(self) -> int:
        return len(self._records)

    def get(self, key: str) -> Stored | None:
        """As :meth:`SessionStore.get`."""
        record = self._records.get(key)
        if record is None:
            return None
        data, until = record
        left = until - time.monotonic()
        return Stored(data, left) if left > 0 else None

    def create(self, key: str, data: bytes, lifetime: int) -> None:
        """As :meth:`SessionStore.create`."""
        with self._lock:
            self._records[key] = data, time.monotonic() + lifetime
            self._creations += 1
            sweep = self._creations % _CREATIONS_PER_SWEEP == 0
        if sweep:
            self.clear_expired()

    def claim(self, key: str, data: bytes, lifetime: int) -> bool:
        """As :meth:`SessionStore.claim`."""
        with self._lock:
            if self.get(key) is not None:
                return False
            self._records[key] = data, time.monotonic() + lifetime
            return True

    def replace(self, key: str, data: bytes, lifetime: int) -> bool:
        """As :meth:`SessionStore.replace`."""
        with self._lock:
            if self.get(key) is None:
                return False
            self._records[key] = data, time.monotonic() + lifetime
            return True

    def touch(self, key: str, lifetime: int) -> None:
        """As :meth:`SessionStore.touch`."""
        with self._lock:
            if (record := self.get(key)) is not None:
                self._records[key] = record.data, time.monotonic() + lifetime

    def delete(self, key: str) -> None:
        """As :meth:`SessionStore.delete`."""
        self._records.pop(key, None)

    def clear_expired(self) -> int:
        """As :meth:`SessionStore.clear_expired`."""
        now = time.monotonic()
        with self._lock:
            over = [key for key, (_, until) in self._records.items() if until <= now]
            for key in over:
                del self._records[key]
        return len(over)
