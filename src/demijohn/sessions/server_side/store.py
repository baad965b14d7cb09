"""What a store of sessions has to do, and the error that says it cannot be reached.

A store keeps bytes under a key for a time. It must not know of sessions, cookies or requests; it is
called from several threads at once, never on an event loop.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class StoreUnavailable(Exception):
    """The store cannot be reached, or does not answer in time; its cause is the store's own error."""


class Stored(NamedTuple):
    """What a store has under a key."""

    data: bytes
    #: For how many seconds it will still be kept.
    seconds_left: float


class SessionStore(Protocol):
    """Each method raises :class:`StoreUnavailable` when the store cannot be reached.

    One that has a method ``close`` is closed when the server stops.
    """

    def get(self, key: str) -> Stored | None:
        """What is kept under ``key``; None when there is nothing, or its time is over."""
        ...

    def create(self, key: str, data: bytes, lifetime: int) -> None:
        """Keep ``data`` under a key that is new, for ``lifetime`` seconds."""
        ...

    def claim(self, key: str, data: bytes, lifetime: int) -> bool:
        """Keep ``data`` under ``key`` unless something is kept there; whether it was. Of several at once, one wins.

        Sessions do not need it; answers that are kept for a request that comes again do.
        """
        ...

    def replace(self, key: str, data: bytes, lifetime: int) -> bool:
        """Keep ``data`` under a key that is there; False, and nothing is kept, when it is not.

        What was deleted in the meantime stays deleted: a logout is not undone by a slower request.
        """
        ...

    def touch(self, key: str, lifetime: int) -> None:
        """Keep what is under ``key`` for ``lifetime`` seconds from now on."""
        ...

    def delete(self, key: str) -> None:
        """Keep it no longer."""
        ...

    def clear_expired(self) -> int:
        """Remove what is left of keys whose time is over; their number, 0 where the store does it itself."""
        ...
