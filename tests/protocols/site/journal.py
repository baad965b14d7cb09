"""What the fixture application did, kept under a key that the test chose, and readable through ``/journal/<key>``."""

from __future__ import annotations

import threading
from collections import defaultdict

_lock = threading.Lock()
_entries: dict[str, list[str]] = defaultdict(list)


def note(key: str, entry: str) -> None:
    with _lock:
        _entries[key].append(entry)


def read(key: str) -> list[str]:
    with _lock:
        return list(_entries[key])
