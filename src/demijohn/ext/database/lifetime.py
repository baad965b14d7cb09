"""When connections come and go: with contexts, before a client is waited for, with servers and forks.

This module must not know engines' settings or models; it calls the extension object.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Awaitable
from typing import Any

import sqlalchemy.ext.asyncio as sa_async

from demijohn import Flask

HELD = (
    "A database connection is held while the client is waited for, because a transaction is open or there are"
    " changes that were not committed: end it before a body is streamed and before a socket waits."
)


class Teardown:
    """Drops the sessions of a context. Not a method, so that it can say that it does not block."""

    #: Whether the loop is held up: the async session is closed by awaiting what a call returns.
    blocking = False

    def __init__(self, db: Any) -> None:
        self.db = db

    def __call__(self, exc: BaseException | None = None) -> Awaitable[None] | None:
        """Drop them; what is returned closes the async one when awaited."""
        closing: Awaitable[None] | None = self.db._teardown_session(exc)
        return closing


class Release:
    """Gives the connections of a context back before its client is waited for."""

    blocking = False

    def __init__(self, db: Any) -> None:
        self.db = db

    def __call__(self) -> Awaitable[Any] | None:
        """Give them back; what is returned does so for the async session when awaited."""
        releasing: Awaitable[Any] | None = self.db._release_sessions()
        return releasing


class AsyncMade:
    """Listens to new async engines, and has them closed when the server stops."""

    def __init__(self, db: Any, app: Flask) -> None:
        self.db = db
        self.app = weakref.ref(app)
        self.closes = False

    def __call__(self, key: str | None, engine: sa_async.AsyncEngine) -> None:
        """Listen to ``engine``."""
        app = self.app()
        assert app is not None
        self.db._watch_engine(engine.sync_engine, app)
        if not self.closes:
            self.closes = True
            # Not through the setup method: it is only known now that there is something to close.
            app.after_serving_funcs.append(self.db._app_async_engines[app].dispose)


def forget_connections_after_fork(db: Any) -> None:
    """A worker that was forked must not use its parent's connections, nor close them."""
    reference = weakref.ref(db)

    def forget() -> None:
        found = reference()
        if found is not None:
            for engines in found._app_engines.values():
                for engine in engines.values():
                    engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
