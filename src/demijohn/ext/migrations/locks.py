"""One migration at a time: a lock in each database, held while a command changes it.

PostgreSQL and MariaDB have advisory locks, which need no table and end with their connection. For SQLite,
whose users share a machine, it is a lock on the folder of the migrations. This module must not know Alembic's
commands.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.config import Config

from demijohn import current_app
from demijohn.ext.migrations.configuration import Database
from demijohn.ext.migrations.logs import reporter

#: Seconds between two tries.
_PAUSE = 0.2


@contextlib.contextmanager
def one_at_a_time(config: Config, db: Database, sql: bool) -> Iterator[None]:
    """Hold the locks of all databases until the block ends.

    :param sql: No lock is needed: only SQL is printed.
    :raises RuntimeError: when another process holds one for longer than ``MIGRATE_LOCK_TIMEOUT`` seconds.
    """
    engines: Any = getattr(db, "engines", None)
    if sql or not isinstance(engines, Mapping):
        yield
        return
    deadline = time.monotonic() + current_app.config.get("MIGRATE_LOCK_TIMEOUT", 300)
    with contextlib.ExitStack() as held:
        # In the same order everywhere, or two processes could each hold what the other waits for.
        taken = set()
        for key in sorted(engines, key=lambda key: key or ""):
            engine = engines[key]
            lock = _LOCKS.get(engine.dialect.name)
            # One folder for all SQLite files; two keys of one database.
            what = lock if lock is _folder else engine.url
            if lock is not None and what not in taken:
                taken.add(what)
                held.enter_context(lock(engine, config, deadline))
        yield


def _wait(attempt: Callable[[], bool], deadline: float, where: str) -> None:
    """Try until it works."""
    told = False
    while not attempt():
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"Another process is migrating {where}, and did not end in time. Wait for it, or raise"
                " MIGRATE_LOCK_TIMEOUT (seconds)."
            )
        if not told:
            told = True
            reporter().warning("Waiting for another process that migrates %s", where)
        time.sleep(_PAUSE)


@contextlib.contextmanager
def _advisory(engine: sa.Engine, deadline: float, take: str, give: str) -> Iterator[None]:
    # A connection beside the pool, which may have room for one only.
    pool = engine.pool.recreate()
    connection: Any = pool.connect()
    try:
        cursor = connection.cursor()

        def attempt() -> bool:
            cursor.execute(take)
            return bool(cursor.fetchone()[0] == 1)  # MariaDB says 1, PostgreSQL True

        _wait(attempt, deadline, engine.url.render_as_string())
        try:
            yield
        finally:
            cursor.execute(give)
            cursor.close()
    finally:
        connection.close()
        pool.dispose()


def _postgresql(engine: sa.Engine, config: Config, deadline: float) -> Any:
    number = int.from_bytes(hashlib.sha256(b"demijohn.migrations").digest()[:8], signed=True)
    return _advisory(
        engine, deadline, f"SELECT pg_try_advisory_lock({number})", f"SELECT pg_advisory_unlock({number})"
    )


def _mysql(engine: sa.Engine, config: Config, deadline: float) -> Any:
    # Names are the whole server's, and at most 64 characters long.
    name = hashlib.sha256(f"demijohn.migrations {engine.url.database}".encode()).hexdigest()[:48]
    return _advisory(engine, deadline, f"SELECT GET_LOCK('{name}', 0)", f"SELECT RELEASE_LOCK('{name}')")


@contextlib.contextmanager
def _folder(engine: sa.Engine, config: Config, deadline: float) -> Iterator[None]:
    try:
        # Imported here: Windows has none.
        import fcntl
    except ImportError:
        yield
        return
    folder = config.get_main_option("script_location") or "."
    if not os.path.isdir(folder):
        yield  # Alembic says so
        return
    descriptor = os.open(folder, os.O_RDONLY)

    def attempt() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        _wait(attempt, deadline, engine.url.render_as_string())
        yield
    finally:
        os.close(descriptor)


_LOCKS: Mapping[str, Callable[[sa.Engine, Config, float], Any]] = {
    "mariadb": _mysql,
    "mysql": _mysql,
    "postgresql": _postgresql,
    "sqlite": _folder,
}
