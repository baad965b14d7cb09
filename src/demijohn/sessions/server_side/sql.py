"""Sessions in a table of a database, by SQLAlchemy 2.

The table belongs to the metadata of the application's database, so ``db.create_all()`` makes it and
migrations see it. Sessions are read and written over a pool of their own: a request that holds a
connection for its work never waits for a second one of the same pool, which could wait for ever, and
its transaction is left alone. This module must not know which extension the database comes from.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from demijohn.later import needs
from demijohn.sessions.server_side.store import Stored, StoreUnavailable

if TYPE_CHECKING:  # an optional requirement, and heavy: a store imports it when it is made
    import sqlalchemy as sa

_LARGEST = 2**24 - 1  # bytes: what MariaDB's MEDIUMBLOB holds
_CREATIONS_PER_SWEEP = 1024


class Database(Protocol):
    """An extension object of SQLAlchemy's, ``ext.database``'s or Flask-SQLAlchemy's."""

    metadatas: dict[str | None, sa.MetaData]

    @property
    def metadata(self) -> sa.MetaData:
        """The default metadata."""
        ...

    @property
    def engines(self) -> Mapping[str | None, sa.Engine]:
        """The engines of the current application by bind key."""
        ...


class SQLStore:
    """Keeps sessions in a table with the columns ``id``, ``data`` and ``expires`` (seconds since 1970).

    :param db: ``ext.database``'s or Flask-SQLAlchemy's object; or an engine of SQLAlchemy, which is
        used as it is, and then :meth:`create_table` makes the table.
    :param table: The table's name.
    :param bind_key: Which of the application's databases, where it has several.
    """

    def __init__(
        self, db: Database | sa.Engine, table: str = "sessions", bind_key: str | None = None
    ) -> None:
        with needs("database"):
            # Imported here: an optional requirement, and heavy.
            import sqlalchemy as sa
            from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

        self._sa = sa
        self._errors = DBAPIError, TimeoutError
        self._taken = IntegrityError
        self._db = db
        self._bind_key = bind_key
        self._creations = 0
        self._engine: sa.Engine | None = None
        self._making = Lock()
        metadata = sa.MetaData() if isinstance(db, sa.Engine) else _metadata(db, bind_key)
        known = metadata.tables.get(table)
        if known is None:
            known = sa.Table(
                table,
                metadata,
                sa.Column("id", sa.String(64), primary_key=True),
                sa.Column("data", sa.LargeBinary(_LARGEST), nullable=False),
                sa.Column("expires", sa.BigInteger, nullable=False, index=True),
            )
        self.table = known

    @property
    def engine(self) -> sa.Engine:
        """The engine with the sessions' own pool."""
        if self._engine is None:
            with self._making:  # the first requests come at once, and a second pool would be closed by nobody
                if self._engine is None:
                    self._engine = self._make_engine()
        return self._engine

    def _make_engine(self) -> sa.Engine:
        if isinstance(self._db, self._sa.Engine):
            return self._db
        found = self._db.engines[self._bind_key]
        if found.dialect.name == "sqlite" and found.url.database in {None, "", ":memory:"}:
            raise ValueError(
                "Sessions cannot be kept in a SQLite database in memory, which is a single connection:"
                " name a file in SQLALCHEMY_DATABASE_URI, or set SESSION_TYPE to 'memory'."
            )
        engine = self._sa.create_engine(found.url, pool=found.pool.recreate())
        # A store that nobody closed leaves no connection to the garbage collector. Not at the end of the process,
        # where one that was forked would close what its parent uses.
        weakref.finalize(self, engine.dispose).atexit = False
        return engine

    def close(self) -> None:
        """Close the connections of the sessions' own pool; the next request opens another.

        An engine that was given is its owner's to close.
        """
        if self._engine is not None and self._engine is not self._db:
            self._engine.dispose()

    def create_table(self) -> None:
        """Make the table, unless it is there."""
        self.table.create(self.engine, checkfirst=True)

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except self._errors as e:
            self._complain_of_missing_table(e)
            raise StoreUnavailable(f"Database: {e}") from e

    def _complain_of_missing_table(self, error: Exception) -> None:
        try:
            missing = not self._sa.inspect(self.engine).has_table(self.table.name)
        except self._errors:
            return
        if missing:
            raise RuntimeError(
                f"The table {self.table.name!r} for sessions does not exist: make it with"
                " db.create_all(), by a migration, or by create_table() of the SQLStore."
            ) from error

    def get(self, key: str) -> Stored | None:
        """As :meth:`SessionStore.get`."""
        columns, now = self.table.c, time.time()
        with self._connected() as connection:
            found = connection.execute(
                self._sa.select(columns.data, columns.expires).where(columns.id == key, columns.expires > now)
            ).first()
        return None if found is None else Stored(bytes(found.data), found.expires - now)

    def create(self, key: str, data: bytes, lifetime: int) -> None:
        """As :meth:`SessionStore.create`."""
        with self._connected() as connection:
            connection.execute(self.table.insert().values(id=key, data=data, expires=_end(lifetime)))
        self._creations += 1
        if self._creations % _CREATIONS_PER_SWEEP == 0:
            self.clear_expired()

    def claim(self, key: str, data: bytes, lifetime: int) -> bool:
        """As :meth:`SessionStore.claim`."""
        columns = self.table.c
        with self._connected() as connection:
            connection.execute(self.table.delete().where(columns.id == key, columns.expires <= time.time()))
        try:
            with self.engine.begin() as connection:
                connection.execute(self.table.insert().values(id=key, data=data, expires=_end(lifetime)))
        except self._taken:
            return False
        except self._errors as e:
            self._complain_of_missing_table(e)
            raise StoreUnavailable(f"Database: {e}") from e
        return True

    def replace(self, key: str, data: bytes, lifetime: int) -> bool:
        """As :meth:`SessionStore.replace`."""
        return self._update(key, data=data, expires=_end(lifetime))

    def touch(self, key: str, lifetime: int) -> None:
        """As :meth:`SessionStore.touch`."""
        self._update(key, expires=_end(lifetime))

    def _update(self, key: str, **values: object) -> bool:
        columns = self.table.c
        with self._connected() as connection:
            done = connection.execute(
                self.table.update().where(columns.id == key, columns.expires > time.time()).values(**values)
            )
            return bool(done.rowcount)

    def delete(self, key: str) -> None:
        """As :meth:`SessionStore.delete`."""
        with self._connected() as connection:
            connection.execute(self.table.delete().where(self.table.c.id == key))

    def clear_expired(self) -> int:
        """As :meth:`SessionStore.clear_expired`."""
        with self._connected() as connection:
            done = connection.execute(self.table.delete().where(self.table.c.expires <= time.time()))
            return int(done.rowcount)


def _end(lifetime: int) -> int:
    return int(time.time()) + lifetime


def _metadata(db: Database, bind_key: str | None) -> sa.MetaData:
    # Asked of the class: engines are those of the current application, and none may be current.
    if not (hasattr(db, "metadata") and hasattr(type(db), "engines")):
        raise TypeError(
            f"Sessions in a database need SQLAlchemy's extension object or an engine, not {db!r}:"
            " set SESSION_SQLALCHEMY = db."
        )
    if bind_key is None:
        return db.metadata
    if bind_key not in db.metadatas:
        make = getattr(db, "_make_metadata", None)
        if make is None:
            raise ValueError(f"The database has no bind {bind_key!r}: see SQLALCHEMY_BINDS.")
        make(bind_key)
    return db.metadatas[bind_key]
