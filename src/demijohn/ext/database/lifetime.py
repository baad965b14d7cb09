"""When connections come and go with servers and forks; with contexts they do by sessions.

This module must not know engines' settings, sessions or models.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import sqlalchemy.ext.asyncio as sa_async

from demijohn import Flask
from demijohn.ext.database.aio import AsyncEngines


class AsyncMade:
    """Listens to new async engines, and has them closed when the server stops.

    :param app: The application whose engines they are.
    :param watch: Listens to the sync face of an engine.
    """

    def __init__(self, app: Flask, watch: Callable[[sa.Engine, Flask], None]) -> None:
        self.app = weakref.ref(app)
        self.watch = watch
        self.closes = False

    def __call__(self, engines: AsyncEngines, engine: sa_async.AsyncEngine) -> None:
        """Listen to ``engine``, one of ``engines``."""
        app = self.app()
        assert app is not None
        self.watch(engine.sync_engine, app)
        if not self.closes:
            self.closes = True
            # Not through the setup method: it is only known now that there is something to close.
            app.after_serving_funcs.append(engines.dispose)


def forget_connections_after_fork(
    app_engines: WeakKeyDictionary[Flask, dict[str | None, sa.Engine]],
) -> None:
    """A worker that was forked must not use its parent's connections, nor close them.

    :param app_engines: The engines of each application, as they will be then.
    """
    reference = weakref.ref(app_engines)

    def forget() -> None:
        for engines in (reference() or {}).values():
            for engine in engines.values():
                engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
