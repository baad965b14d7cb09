"""Sessions on the server by an application's settings, which are Flask-Session's where it has them."""

from __future__ import annotations

from typing import Any

from demijohn.config import Config
from demijohn.sessions.server_side.commands import add_commands
from demijohn.sessions.server_side.interface import ServerSideSessionInterface
from demijohn.sessions.server_side.memory import MemoryStore
from demijohn.sessions.server_side.ports import Application
from demijohn.sessions.server_side.redis import RedisStore
from demijohn.sessions.server_side.sql import SQLStore
from demijohn.sessions.server_side.store import SessionStore

__all__ = ["Session"]

_KINDS: dict[str, Any] = {
    "SESSION_SERIALIZATION_FORMAT": "text",
    "SESSION_WHEN_UNAVAILABLE": "text",
    "SESSION_PERMANENT": "flag",
    "SESSION_KEY_PREFIX": "text",
    "SESSION_REDIS_TIMEOUT": "number",
    "SESSION_SQLALCHEMY_TABLE": "text",
    "SESSION_SQLALCHEMY_BIND_KEY": "text",
}


class Session:
    """Keeps the sessions of an application in a store.

    :param app: The application; or call :meth:`init_app` later.
    :param store: The store; by default what ``SESSION_TYPE`` says.
    """

    def __init__(self, app: Application | None = None, store: SessionStore | None = None) -> None:
        self.store = store
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Application) -> None:
        """Take the application's settings, and keep its sessions.

        :raises ValueError: for a setting that is not known.
        """
        config = app.config
        app.check_settings(_KINDS)
        interface = ServerSideSessionInterface(
            self.store if self.store is not None else _store_of(config),
            config.get("SESSION_SERIALIZATION_FORMAT", "json"),
            config.get("SESSION_WHEN_UNAVAILABLE", "error"),
            config.get("SESSION_PERMANENT"),
        )
        app.session_interface = interface
        # First of all hooks: those that come after it find the session fetched.
        app.before_request_funcs.setdefault(None, []).insert(0, interface.look_ahead)
        app.before_websocket_funcs.setdefault(None, []).insert(0, interface.look_ahead)
        store = interface.store
        if getattr(store, "shared", True):
            app.readiness_checks["sessions"] = lambda: store.get("readiness") is None
        close = getattr(interface.store, "close", None)
        if callable(close):
            app.after_serving_funcs.append(close)
        add_commands(app)


def _store_of(config: Config) -> SessionStore:
    kind = config.get("SESSION_TYPE")
    if kind == "memory":
        return MemoryStore()
    if kind in {"redis", "valkey"}:
        return RedisStore(
            config.get("SESSION_REDIS") or "redis://localhost:6379/0",
            config.get("SESSION_KEY_PREFIX", "session:"),
            config.get("SESSION_REDIS_TIMEOUT", 1.0),
        )
    if kind == "sqlalchemy":
        db: Any = config.get("SESSION_SQLALCHEMY")
        return SQLStore(
            db,
            config.get("SESSION_SQLALCHEMY_TABLE", "sessions"),
            config.get("SESSION_SQLALCHEMY_BIND_KEY"),
        )
    raise ValueError(f"SESSION_TYPE is {kind!r}: set it to 'memory', 'redis', 'valkey' or 'sqlalchemy'.")
