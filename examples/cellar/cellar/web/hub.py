"""Messages from whoever changes the cellar to every open page. One process; knows no requests.

Views run in threads, sockets on an event loop, so a message is handed over to the listener's own loop.
A page that reads too slowly is let go rather than waited for: it comes back and asks what it missed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

QUEUE_SIZE = 64


class Listener:
    """One open page; lives on the event loop that made it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_SIZE)

    async def next(self) -> str | None:
        """The next message, or `None` when this page is let go."""
        return await self._queue.get()

    def offer(self, message: str | None) -> None:
        """Hand over a message, from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._put, message)
        except RuntimeError:
            pass  # The loop is closed: the page is gone and will be forgotten in a moment.

    def _put(self, message: str | None) -> None:
        if message is None or self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            message = None
        self._queue.put_nowait(message)


class Hub:
    """All open pages."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def watching(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Be one of the open pages for the length of the block; all are told how many there are."""
        listener = Listener()
        self._listeners.add(listener)
        self._tell_watching()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._tell_watching()

    def publish(self, message: Mapping[str, object]) -> None:
        """Send `message` to every open page; never waits, callable from any thread."""
        text = json.dumps(message)
        for listener in self._listeners.copy():
            listener.offer(text)

    def close(self) -> None:
        """Let every page go, as when the server stops."""
        for listener in self._listeners.copy():
            listener.offer(None)

    def _tell_watching(self) -> None:
        self.publish({"type": "watching", "count": self.watching})
