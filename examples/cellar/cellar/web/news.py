"""News from whoever changes the cellar to every open page: by Socket.IO, and as server-sent events beside it.

Publishing never waits, and any thread may. A page that reads too slowly is let go rather than waited for: it comes
back and asks what it missed. Where `CELLAR_REDIS_URL` is set, the news reach the pages of all workers.
"""

from __future__ import annotations

from collections.abc import Mapping

from demijohn import Broadcast, Flask, Subscription, current_app
from demijohn.ext.realtime import SocketIO

CHANNEL = "news"
EXTENSION = "cellar.news"


class News:
    """All open pages of an application."""

    def __init__(self, app: Flask) -> None:
        shared: str | None = app.config["REDIS_URL"]
        self.socketio = SocketIO(app, message_queue=shared)
        self._listeners = Broadcast(*([shared] if shared else []), history=200)
        #: How many pages of this process have a socket open.
        self.watching = 0
        app.after_serving(self._listeners.close)

    def publish(self, message: Mapping[str, object]) -> None:
        """Tell every open page."""
        self.socketio.emit("news", message)
        self._listeners.publish(CHANNEL, message)

    def follow(self, after: str | None) -> Subscription:
        """The news for who only listens, from the event on that they have seen last."""
        return self._listeners.subscribe(CHANNEL, after=after)

    def watch(self, more: int) -> None:
        """A page came, or went; all with a socket are told how many there are."""
        self.watching += more
        self.socketio.emit("watching", self.watching)


def news() -> News:
    """Those of the current application."""
    found: News = current_app.extensions[EXTENSION]
    return found


def init_app(app: Flask) -> None:
    """Let `app` have news."""
    app.extensions[EXTENSION] = News(app)
