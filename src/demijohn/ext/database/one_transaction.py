"""One transaction around all that is done with a database, taken back at the end: ``db.rolled_back()``, for tests.

Every engine, sync and async, then has the same connection of the driver, inside a transaction of which nothing is
ever committed. What takes a connection from the pool gets a :class:`_Turn`: its transaction is a savepoint, which is
made by the first statement that may change something. So whoever only reads holds nothing, and sees what others have
committed. Two that change something at once, in two requests, come one after the other.

This module must not know sessions or models.
"""

from __future__ import annotations

import asyncio
import copy
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, cast

import sqlalchemy as sa
import sqlalchemy.ext.asyncio as sa_async
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only
from sqlalchemy.util.concurrency import in_greenlet

from demijohn.ctx import RequestContext, has_app_context
from demijohn.ext.database.record_queries import listen_as_set
from demijohn.globals import app_ctx

#: Seconds that a statement waits for the end of somebody else's transaction.
PATIENCE = 10.0

_READS = re.compile(
    r"\s*(select|show|pragma|explain)\b(?!.*\bfor\s+(update|share)\b)", re.IGNORECASE | re.DOTALL
).match
_BEGINS = re.compile(r"\s*(begin|start\s+transaction)\b", re.IGNORECASE).match
_ENDS = re.compile(r"\s*(commit|end|rollback|abort)\s*(work|transaction)?\s*;?\s*$", re.IGNORECASE).match
#: What MySQL and MariaDB commit before they do it.
_COMMITS = re.compile(
    r"\s*(create|alter|drop|rename|truncate)\s+(?!temporary\b)|\s*(lock\s+tables|grant|revoke|analyze|optimize)\b",
    re.IGNORECASE,
).match

_numbers = count(1)


class OneTransaction:
    """The connection that all share, and whose turn it is.

    :param engine: The engine whose pool it is taken from.
    :param key: The engine's bind key, for errors.
    """

    def __init__(self, engine: sa.Engine, key: str | None) -> None:
        self.key = key
        self.kind = engine.dialect.name
        #: Held while a statement is carried out: drivers bear one at a time.
        self.lock = threading.RLock()
        self.thread = threading.get_ident()
        self.over = False
        #: Those whose savepoint is open, outermost first.
        self.open: list[_Turn] = []
        self._fairy = engine.raw_connection()
        self.raw: Any = self._fairy.dbapi_connection
        if self.kind == "sqlite":
            # The driver begins one at the first change only, and a savepoint is none to it.
            self.run("BEGIN")

    def run(self, statement: str) -> None:
        """Carry out a statement of our own."""
        cursor = self.raw.cursor()
        try:
            cursor.execute(statement)
        finally:
            cursor.close()

    def end(self) -> None:
        """Take everything back."""
        with self.lock:
            self.over = True
            self.open.clear()
            try:
                self.raw.rollback()
            finally:
                self._fairy.close()

    def admit(self, turn: _Turn) -> None:
        """Wait until nobody is in the middle of a transaction that ``turn`` must not see.

        :raises RuntimeError: when that takes longer than :data:`PATIENCE`, or the transaction is over.
        """
        deadline = time.monotonic() + PATIENCE
        while blocking := [other for other in self.open if self._keeps_out(other, turn)]:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"A test's database is one transaction, and {blocking[0]} has changed something in it without"
                    f" a commit or rollback for {PATIENCE:g} s, while {turn} was to do something. In a test, end the"
                    " one before the other begins."
                )
            if in_greenlet():
                await_only(asyncio.sleep(0.001))
            else:
                time.sleep(0.001)

    def _keeps_out(self, other: _Turn, turn: _Turn) -> bool:
        """Whether ``turn`` has to wait for ``other``: not for the test's own, and not where it would be for itself."""
        if other is turn or other.is_tests or (other.scope is not None and other.scope is turn.scope):
            return False
        return in_greenlet() or other.thread != threading.get_ident()


class _Turn:
    """What stands for a connection of the driver: a transaction of its own, in the one.

    :param one: The transaction that all share.
    """

    def __init__(self, one: OneTransaction) -> None:
        self._set(one=one, scope=None, thread=0, is_tests=False, savepoint=None, lost=False)

    def _set(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __str__(self) -> str:
        scope = self.scope
        if isinstance(scope, RequestContext):
            environ = scope.request.environ
            return f"the request {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        return "the test" if self.is_tests else "code in another thread"

    def begin(self, *args: Any) -> None:
        """Nothing: the first statement that may change something begins."""

    def commit(self) -> None:
        """Keep what was done, as far as the test goes."""
        with self.one.lock:
            savepoint, one = self.savepoint, self.one
            if self.lost:
                self._set(lost=False)
                raise RuntimeError("This transaction was begun inside of one that was rolled back.")
            if savepoint is None or one.over:
                return
            self._set(savepoint=None)
            if one.open[-1] is self:
                one.run(f"RELEASE SAVEPOINT {savepoint}")
            # Else somebody has begun inside; its savepoint is released with that of whoever is around it.
            one.open.remove(self)

    def rollback(self) -> None:
        """Take back what was done since it began."""
        with self.one.lock:
            savepoint, one = self.savepoint, self.one
            self._set(lost=False)
            if savepoint is None or one.over:
                return
            self._set(savepoint=None)
            inside = one.open[one.open.index(self) + 1 :]
            for other in inside:
                other._set(savepoint=None, lost=True)
            del one.open[one.open.index(self) :]
            one.run(f"ROLLBACK TO SAVEPOINT {savepoint}")
            one.run(f"RELEASE SAVEPOINT {savepoint}")

    def close(self) -> None:
        """Go back to the pool."""
        self.rollback()

    def cursor(self, *args: Any, **kwargs: Any) -> _Cursor:
        """A cursor."""
        return _Cursor(self, self.one.raw.cursor(*args, **kwargs))

    def execute(self, statement: Any, *args: Any) -> _Cursor:
        """Some drivers' short way."""
        cursor = self.cursor()
        cursor.execute(statement, *args)
        return cursor

    def carry_out(self, statement: Any, run: Any) -> Any:
        """Run a statement, in its turn."""
        one, text = self.one, str(statement)
        if in_greenlet():
            # SQLAlchemy makes sure that async code awaits something.
            await_only(asyncio.sleep(0))
        if one.over:
            raise RuntimeError("The test whose database this was is over: something of it still runs.")
        if _BEGINS(text):
            return None
        if ends := _ENDS(text):
            return self.commit() if ends[1].lower() in {"commit", "end"} else self.rollback()
        if one.kind in {"mysql", "mariadb"} and _COMMITS(text):
            raise RuntimeError(
                f"{one.kind} commits before it does this, so that the test could not be taken back:"
                f" {text.strip()[:80]!r}. Do it before the test, such as where the fixture 'app' is made."
            )
        while True:
            self._begin_as_current()
            one.admit(self)
            with one.lock:
                if any(one._keeps_out(other, self) for other in one.open):
                    continue  # somebody was faster
                if self.savepoint is None and not _READS(text):
                    self._begin()
                elif self.savepoint is None and one.kind == "postgresql":
                    return self._guarded(run)
                return run()

    def _begin_as_current(self) -> None:
        """Note who this is, as long as nothing was changed: connections of a pool go from one to another."""
        if self.savepoint is None:
            one, scope = self.one, app_ctx.scope if has_app_context() else None
            here = threading.get_ident()
            is_tests = here == one.thread and not isinstance(scope, RequestContext)
            self._set(scope=scope, thread=here, is_tests=is_tests)

    def _begin(self) -> None:
        savepoint = f"demijohn_{next(_numbers)}"
        self.one.run(f"SAVEPOINT {savepoint}")
        self._set(savepoint=savepoint, lost=False)
        self.one.open.append(self)

    def _guarded(self, run: Any) -> Any:
        """Run what only reads: when it fails, PostgreSQL would do nothing more in the whole transaction."""
        savepoint = f"demijohn_{next(_numbers)}"
        self.one.run(f"SAVEPOINT {savepoint}")
        try:
            done = run()
        except BaseException:
            self.one.run(f"ROLLBACK TO SAVEPOINT {savepoint}")
            raise
        self.one.run(f"RELEASE SAVEPOINT {savepoint}")
        return done

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.one.raw, name)
        # A method in the drivers of MySQL, an attribute elsewhere.
        return _refuse_autocommit if name == "autocommit" and callable(found) else found

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"autocommit", "isolation_level"}:
            # SQLite's driver is told by None that it is to begin nothing.
            _refuse_autocommit(value is None if self.one.kind == "sqlite" else value)
        else:
            setattr(self.one.raw, name, value)


def _refuse_autocommit(value: object) -> None:
    """Let nothing end the transaction, or escape it.

    :raises RuntimeError: unless nothing is asked for.
    """
    if value:
        raise RuntimeError(
            "A test's database is one transaction, which AUTOCOMMIT or another level of isolation would end or"
            " escape: what has to be outside of it cannot be tested so."
        )


class _Cursor:
    """A cursor whose statements come in their turn."""

    def __init__(self, turn: _Turn, cursor: Any) -> None:
        self.__dict__.update(_turn=turn, _cursor=cursor)

    def execute(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement."""
        self._turn.carry_out(statement, lambda: self._cursor.execute(statement, *args, **kwargs))
        return self

    def executemany(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement with many parameters."""
        self._turn.carry_out(statement, lambda: self._cursor.executemany(statement, *args, **kwargs))
        return self

    def executescript(self, script: str) -> Any:
        """What SQLite's driver commits before it runs.

        :raises RuntimeError: always.
        """
        raise RuntimeError(
            "executescript() commits first, so that the test could not be taken back: run the statements one by one."
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def __enter__(self) -> _Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._cursor, name, value)


class _OnePool(NullPool):
    """A pool whose connections are turns of one transaction.

    :param one: The transaction.
    :param engine: The engine that it is for.
    """

    def __init__(self, one: OneTransaction, engine: sa.Engine) -> None:
        super().__init__(cast(Any, partial(_Turn, one)), dialect=engine.dialect)
        self._own, self._process = engine.pool, os.getpid()

    def recreate(self) -> Any:
        """The pool after ``engine.dispose()``: this one, but in a process that was forked."""
        return self if os.getpid() == self._process else self._own.recreate()


@contextmanager
def one_transaction(
    engines: Mapping[str | None, sa.Engine], config: Mapping[str, Any]
) -> Iterator[dict[str | None, sa_async.AsyncEngine]]:
    """Have engines share one transaction each until the block ends, and take it back then.

    :param config: The settings, as to the recording of queries.
    :return: Async engines, for any event loop, that share it too.
    """
    begun: list[tuple[sa.Engine, sa.Pool, OneTransaction]] = []
    made: dict[str | None, sa_async.AsyncEngine] = {}
    try:
        for key, engine in engines.items():
            one = OneTransaction(engine, key)
            begun.append((engine, engine.pool, one))
            engine.pool = _OnePool(one, engine)
            made[key] = _async_face(engine)
            listen_as_set(made[key].sync_engine, config)
        yield made
    finally:
        for engine, pool, one in reversed(begun):
            engine.pool = pool
            one.end()


def _async_face(engine: sa.Engine) -> sa_async.AsyncEngine:
    """An async engine over the sync driver: its connection is the one that there is."""
    dialect = copy.copy(engine.dialect)
    dialect.is_async = True
    return sa_async.AsyncEngine(sa.Engine(engine.pool, dialect, engine.url))
