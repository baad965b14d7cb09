"""Sessions: which database a statement goes to, and which session is the current one.

A session belongs to an application context and is dropped with it. This module must not know how
engines are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import sqlalchemy.event as sa_event
import sqlalchemy.exc as sa_exc
import sqlalchemy.orm as sa_orm
from sqlalchemy.sql import visitors
from sqlalchemy.util.concurrency import in_greenlet

from demijohn.ctx import AppContext
from demijohn.ext.database.on_loop import not_loaded
from demijohn.ext.database.ports import Database
from demijohn.globals import app_ctx

S = TypeVar("S")

#: In ``session.info`` while a block of ``db.transaction()`` is open.
OPEN = "demijohn.transaction"
#: In ``session.info`` while the session holds flushed changes that were not committed.
UNCOMMITTED = "demijohn.uncommitted"

#: Logged where :meth:`Session.release` could not release it.
HELD = (
    "A database connection is held while the client is waited for, because a transaction is open or there are"
    " changes that were not committed: end it before a body is streamed and before a socket waits."
)


class _NotingSession(sa_orm.Session):
    """Notes in ``info`` what changes rows past the unit of work: for :meth:`Session.release`."""

    #: Whether this is the sync face of an async session, which uses the async engines.
    _on_loop = False

    if not TYPE_CHECKING:  # for type checkers these are SQLAlchemy's own
        # PERF: not the event "do_orm_execute": while that is listened to, SQLAlchemy prepares each statement
        # twice (70 of 610 calls of a page with one query).

        # Who forgets to await is told before a connection is taken, which nobody would give back.

        def execute(self, statement: object, *args: Any, **kwargs: Any) -> Any:
            if self._on_loop and not in_greenlet():
                raise not_loaded()
            if not getattr(statement, "is_select", False):
                self._note_statement(statement)
            return super().execute(statement, *args, **kwargs)

        def scalar(self, statement: object, *args: Any, **kwargs: Any) -> Any:
            if self._on_loop and not in_greenlet():
                raise not_loaded()
            if not getattr(statement, "is_select", False):
                self._note_statement(statement)
            return super().scalar(statement, *args, **kwargs)

        def scalars(self, statement: object, *args: Any, **kwargs: Any) -> Any:
            if self._on_loop and not in_greenlet():
                raise not_loaded()
            if not getattr(statement, "is_select", False):
                self._note_statement(statement)
            return super().scalars(statement, *args, **kwargs)

        # What is done with these is not seen here, so it is taken for a change.

        def connection(self, *args: Any, **kwargs: Any) -> Any:
            self.info[UNCOMMITTED] = True
            return super().connection(*args, **kwargs)

        def bulk_save_objects(self, *args: Any, **kwargs: Any) -> None:
            self.info[UNCOMMITTED] = True
            super().bulk_save_objects(*args, **kwargs)

        def bulk_insert_mappings(self, *args: Any, **kwargs: Any) -> None:
            self.info[UNCOMMITTED] = True
            super().bulk_insert_mappings(*args, **kwargs)

        def bulk_update_mappings(self, *args: Any, **kwargs: Any) -> None:
            self.info[UNCOMMITTED] = True
            super().bulk_update_mappings(*args, **kwargs)

    def _note_statement(self, statement: object) -> None:
        if not (isinstance(statement, sa.TextClause) and _READS(statement.text)):
            self.info[UNCOMMITTED] = True


class Session(_NotingSession):
    """A session that finds the engine of a statement by the bind key of its table's metadata.

    To customise ``db.session``, subclass this and pass it as ``class_`` in ``session_options``.

    :param db: The extension object, whose engines are used.
    :param kwargs: What :class:`sqlalchemy.orm.Session` takes.
    """

    def __init__(self, db: Database, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._db = db
        self._model_changes: dict[object, tuple[Any, str]] = {}

    def get_bind(
        self,
        mapper: Any = None,
        clause: sa.ClauseElement | None = None,
        bind: sa.Engine | sa.Connection | None = None,
        **kwargs: Any,
    ) -> sa.Engine | sa.Connection:
        """The engine for a model or a statement; the default one when it names no bind key.

        :raises UnboundExecutionError: when the bind key is not configured.
        """
        if bind is not None:
            return bind
        engines: Mapping[str | None, sa.Engine] = (
            self._db._engines_on_loop() if self._on_loop else self._db.engines
        )
        table = None if mapper is None else _inspected(mapper).local_table
        for source in (table, clause):
            engine = _clause_to_engine(source, engines)
            if engine is not None:
                return engine
        if None in engines:
            return engines[None]
        return super().get_bind(mapper=mapper, clause=clause, bind=bind, **kwargs)

    def release(self) -> bool:
        """End a transaction that changed nothing, so that its connection goes back to the pool.

        Loaded objects stay as they are, and the session goes on: what it does next takes a connection
        again. Nothing is done while there are changes that were not committed, nor inside a block of
        ``db.transaction()`` or ``session.begin()``.

        :return: Whether no connection is held now.
        """
        transaction = self.get_transaction()
        if transaction is None:
            return True
        opened = transaction.origin is not sa_orm.SessionTransactionOrigin.AUTOBEGIN
        if opened or OPEN in self.info or self.in_nested_transaction():
            return False
        if UNCOMMITTED in self.info or self.new or self.dirty or self.deleted:
            return False
        # Not rollback(), which would expire every object: each would be queried again, one by one.
        transaction.close()
        return True


def _note_flush(session: sa_orm.Session, context: object) -> None:
    session.info[UNCOMMITTED] = True


_READS = re.compile(r"\s*(select|show|pragma|explain)\b", re.IGNORECASE).match


def _note_end(session: sa_orm.Session) -> None:
    session.info.pop(UNCOMMITTED, None)


sa_event.listen(Session, "after_flush", _note_flush)
sa_event.listen(Session, "after_commit", _note_end)
sa_event.listen(Session, "after_rollback", _note_end)


def _inspected(mapper: object) -> Any:
    try:
        return sa.inspect(mapper)
    except sa_exc.NoInspectionAvailable as e:
        if isinstance(mapper, type):
            raise sa_orm.exc.UnmappedClassError(mapper) from e
        raise


def _clause_to_engine(clause: object, engines: Mapping[str | None, sa.Engine]) -> sa.Engine | None:
    """The engine of a table, or of the tables of a statement; None when none has a bind key."""
    if isinstance(clause, sa.UpdateBase):
        clause = clause.table
    if isinstance(clause, sa.Table):
        return _table_to_engine(clause, engines)
    if isinstance(clause, sa.SelectBase) and (len(engines) > 1 or None not in engines):
        # A select of plain tables, which no mapper stands for.
        for part in visitors.iterate(clause):
            if isinstance(part, sa.Table):
                return _table_to_engine(part, engines)
    return None


def _table_to_engine(table: sa.Table, engines: Mapping[str | None, sa.Engine]) -> sa.Engine | None:
    if "bind_key" not in table.metadata.info:
        return None
    key = table.metadata.info["bind_key"]
    if key not in engines:
        raise sa_exc.UnboundExecutionError(
            f"The table {table.name!r} has the bind key {key!r}, but"
            f" {'SQLALCHEMY_DATABASE_URI is not set' if key is None else 'SQLALCHEMY_BINDS has no such key'}."
        )
    return engines[key]


def _app_ctx_id() -> int:
    """The identity of the current context's scope, as the default ``scopefunc`` of Flask-SQLAlchemy."""
    return id(app_ctx.scope)


class ContextRegistry(Generic[S]):
    """The session of each application context, made when it is first asked for.

    It stands in for SQLAlchemy's ``ScopedRegistry``. Its keys are the contexts themselves, held weakly:
    with their ``id``, which is used again, a session left behind would appear in somebody else's request.

    :param createfunc: Makes a session.
    """

    def __init__(self, createfunc: Callable[[], S]) -> None:
        self.createfunc = createfunc
        self.registry: WeakKeyDictionary[AppContext, S] = WeakKeyDictionary()

    def scopefunc(self) -> AppContext:
        """The context that is current; a request inside a context of the same app shares its session."""
        return app_ctx.scope

    def __call__(self) -> S:
        """The session of the current context."""
        key = self.scopefunc()
        session = self.registry.get(key)
        if session is None:
            session = self.registry[key] = self.createfunc()
        return session

    def has(self) -> bool:
        """Whether the current context has a session."""
        return self.scopefunc() in self.registry

    def set(self, obj: S) -> None:
        """Make ``obj`` the session of the current context."""
        self.registry[self.scopefunc()] = obj

    def clear(self) -> None:
        """Forget the session of the current context."""
        self.registry.pop(self.scopefunc(), None)

    def current(self) -> S | None:
        """The session of the current context, or None when none was made."""
        return self.registry.get(self.scopefunc()) if self.registry else None

    def pop(self) -> S | None:
        """Forget the session of the current context and return it, or None when none was made."""
        # PERF: most requests of many applications use no session; only then are the contexts looked at.
        return self.registry.pop(self.scopefunc(), None) if self.registry else None
