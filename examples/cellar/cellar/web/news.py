"""Messages from whoever changes the cellar to every open page. Knows no requests.

A page that reads too slowly is let go rather than waited for: it comes back and asks what it missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from demijohn import Broadcast, Lagged, Subscription

QUEUE_SIZE = 64
CHANNEL = "cellar"


class Listener:
    """One open page."""

    def __init__(self, news: Subscription) -> None:
        self._news = news

    async def next(self) -> str | None:
        """The next message, or `None` when this page is let go."""
        try:
            message = await anext(self._news)
        except (StopAsyncIteration, Lagged):
            return None
        text: str = message.data
        return text


class Hub:
    """All open pages."""

    def __init__(self) -> None:
        self._news = Broadcast(history=200)
        #: How many pages are open.
        self.watching = 0

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Be one of the open pages for the length of the block; all are told how many there are."""
        with self._news.subscribe(CHANNEL, capacity=QUEUE_SIZE) as news:
            self._tell_watching(+1)
            try:
                yield Listener(news)
            finally:
                self._tell_watching(-1)

    def follow(self, after: str | None) -> Subscription:
        """The news for who only listens, from the event on that they have seen last."""
        return self._news.subscribe(CHANNEL, after=after)

    def publish(self, message: Mapping[str, object]) -> None:
        """Send `message` to every open page; never waits, callable from any thread."""
        self._news.publish(CHANNEL, json.dumps(message))

    def close(self) -> None:
        """Let every page go, as when the server stops."""
        self._news.close()

    def _tell_watching(self, more: int) -> None:
        self.watching += more
        self.publish({"type": "watching", "count": self.watching})
