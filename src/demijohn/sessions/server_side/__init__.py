"""Sessions kept on the server, behind the same ``session``: in Redis or Valkey, in a database, in memory.

    app.config["SESSION_TYPE"] = "redis"                    # or valkey, sqlalchemy, memory
    app.config["SESSION_REDIS"] = "redis://localhost:6379/0"
    Session(app)

    @app.post("/sign-in")
    def sign_in():
        ...
        session.regenerate()        # a new identifier, the old one is dead; ext.login does it by itself
        session["user"] = user.id

The browser gets a random identifier in the session cookie; nothing has to be signed, so no secret key is
needed for it. The settings of that cookie, ``session.permanent`` and ``PERMANENT_SESSION_LIFETIME`` mean
what they mean for sessions in the cookie. Left alone: two requests of one session that change it at the
same time; the later one wins.
"""

from __future__ import annotations

from demijohn.sessions.server_side.extension import Session
from demijohn.sessions.server_side.interface import ServerSideSessionInterface
from demijohn.sessions.server_side.memory import MemoryStore
from demijohn.sessions.server_side.redis import RedisStore
from demijohn.sessions.server_side.session import ServerSideSession
from demijohn.sessions.server_side.sql import SQLStore
from demijohn.sessions.server_side.store import SessionStore, Stored, StoreUnavailable

__all__ = [
    "MemoryStore",
    "RedisStore",
    "SQLStore",
    "ServerSideSession",
    "ServerSideSessionInterface",
    "Session",
    "SessionStore",
    "StoreUnavailable",
    "Stored",
]
