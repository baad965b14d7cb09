"""Async sessions over the same models: ``db.async_session``.

Their engines belong to an event loop, because the connections in their pools do: the server's one loop,
or under WSGI the process's background loop. This module must not know how a sync engine is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.ext.asyncio as sa_async
import sqlalchemy.orm as sa_orm

from demijohn import abort
from demijohn.ext.database.engines import async_options, is_memory, make_engine
from demijohn.ext.database.pagination import MAX_PER_PAGE, SelectPagination
from demijohn.ext.database.query import NO_KEY
from demijohn.ext.database.session import ContextRegistry, Session
from demijohn.extend import needs

T = TypeVar("T")


class AsyncPagination(SelectPagination[T]):
    """A page of a ``select`` that was queried by an async session; ``prev`` and ``next`` are awaited."""

    async def prev(self, *, error_out: bool = False) -> AsyncPagination[T]:  # type: ignore[override]
        """Query the page before this one.

        :param error_out: Answer 404 when there is none.
        """
        return await self._async_page(self.page - 1, error_out)

    async def next(self, *, error_out: bool = False) -> AsyncPagination[T]:  # type: ignore[override]
        """Query the page after this one.

        :param error_out: Answer 404 when there is none.
        """
        return await self._async_page(self.page + 1, error_out)

    async def _async_page(self, number: int, error_out: bool) -> AsyncPagination[T]:
        session: AsyncSession = self._query_args["async_session"]
        return cast(AsyncPagination[T], await session.run_sync(lambda _: self._page(number, error_out)))


class AsyncSession(sa_async.AsyncSession):
    """SQLAlchemy's async session, with the helpers that answer 404.

    ``db.async_session()`` is the one of the current context; it is closed with the context.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Session, self.sync_session)._on_loop = True
        #: The loop it was made on, to which its connections belong; None outside of async code.
        self.loop = asyncio._get_running_loop()

    async def get_or_404(
        self, entity: type[T], ident: object, *, description: str | None = None, **kwargs: Any
    ) -> T:
        """The object with this primary key; the parameters are those of :meth:`.SQLAlchemy.get_or_404`.

        :raises NotFound: when there is none.
        """
        try:
            value: T | None = await self.get(entity, ident, **kwargs)
        except NO_KEY:
            await self.rollback()  # PostgreSQL does nothing more in a transaction that has failed
            value = None
        if value is None:
            abort(404, description=description)
        return value

    async def first_or_404(self, statement: sa.Select[T], *, description: str | None = None) -> T:
        """The first column of the first row.

        :raises NotFound: when there is none.
        """
        value = await self.scalar(statement)
        if value is None:
            abort(404, description=description)
        return value

    async def one_or_404(self, statement: sa.Select[T], *, description: str | None = None) -> T:
        """The first column of the only row.

        :raises NotFound: when there is no row, or more than one.
        """
        try:
            return (await self.execute(statement)).scalar_one()
        except (sa_exc.NoResultFound, sa_exc.MultipleResultsFound):
            abort(404, description=description)

    async def paginate(
        self, select: sa.Select[T], *, page: int | None = None, per_page: int | None = None,
        max_per_page: int | None = MAX_PER_PAGE, error_out: bool = True, count: bool = True,
    ) -> AsyncPagination[T]:  # fmt: skip
        """One page of the result; the parameters are those of :meth:`.SQLAlchemy.paginate`."""

        def query(session: sa_orm.Session) -> AsyncPagination[T]:
            return AsyncPagination(
                page, per_page, max_per_page, error_out=error_out, count=count, select=select,
                session=session, async_session=self,
            )  # fmt: skip

        return await self.run_sync(query)

    async def release(self) -> bool:
        """End a transaction that changed nothing, so that its connection goes back to the pool.

        :return: Whether no connection is held now.
        """
        if not self.sync_session.in_transaction():
            return True
        return await self.run_sync(lambda session: cast(Session, session).release())


async def close_where_made(session: AsyncSession) -> None:
    """Close a session on the loop that its connections belong to.

    That is the running loop, except when a context is left by ``with`` in async code: then another loop runs
    this, and the session's own is held up by it. The session is closed as soon as it goes on.
    """
    loop = session.loop
    if loop is None or loop is asyncio.get_running_loop():
        await session.close()
    elif loop.is_running():
        loop.call_soon_threadsafe(_close_soon, loop, session)


def _close_soon(loop: asyncio.AbstractEventLoop, session: AsyncSession) -> None:
    _start(loop, session.close())


def _start(loop: asyncio.AbstractEventLoop, closing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = loop.create_task(closing)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    return task


#: Strong references: a loop keeps only weak ones.
_closing: set[asyncio.Task[None]] = set()


class ScopedAsyncSession(sa_async.async_scoped_session[AsyncSession]):
    """The async session of the current context, made when it is first used.

    Its methods are those of :class:`AsyncSession`, and calling it gives the session itself.
    """

    def __init__(self, session_factory: sa_async.async_sessionmaker[AsyncSession]) -> None:
        self.session_factory = session_factory
        #: The sessions by context.
        self.sessions = ContextRegistry(session_factory)
        self.registry = cast(Any, self.sessions)

    async def get_or_404(self, entity: type[T], ident: object, **kwargs: Any) -> T:
        """See :meth:`AsyncSession.get_or_404`."""
        return await self().get_or_404(entity, ident, **kwargs)

    async def first_or_404(self, statement: sa.Select[T], *, description: str | None = None) -> T:
        """See :meth:`AsyncSession.first_or_404`."""
        return await self().first_or_404(statement, description=description)

    async def one_or_404(self, statement: sa.Select[T], *, description: str | None = None) -> T:
        """See :meth:`AsyncSession.one_or_404`."""
        return await self().one_or_404(statement, description=description)

    async def paginate(self, select: sa.Select[T], **kwargs: Any) -> AsyncPagination[T]:
        """One page of the result; the parameters are those of :meth:`.SQLAlchemy.paginate`."""
        return await self().paginate(select, **kwargs)

    async def release(self) -> bool:
        """Give the connection back when nothing was changed; see :meth:`AsyncSession.release`."""
        session = self.sessions.current()
        return session is None or await session.release()


class AsyncEngines:
    """The async engines of one application, one set for each event loop that uses them.

    :param engines: The application's sync engines, by bind key.
    :param options: What they were made with.
    :param drivers: The async drivers that their addresses ask for.
    :param made: Called with this object and each new engine, to listen to its events.
    """

    def __init__(
        self, engines: Mapping[str | None, sa.Engine], options: Mapping[str | None, Mapping[str, Any]],
        drivers: Mapping[str | None, str | None],
        made: Callable[[AsyncEngines, sa_async.AsyncEngine], None],
    ) -> None:  # fmt: skip
        self._engines = engines
        self._options = options
        self._drivers = drivers
        self._made = made
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[str | None, sa_async.AsyncEngine]
        ] = WeakKeyDictionary()
        self._faces: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str | None, sa.Engine]] = (
            WeakKeyDictionary()
        )
        self._instead: Mapping[str | None, sa_async.AsyncEngine] | None = None

    def here(self) -> Mapping[str | None, sa_async.AsyncEngine]:
        """The engines of the running loop.

        :raises RuntimeError: outside of async code.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "db.async_session and db.async_engine are for async code: there is no running event loop"
                " here. Use db.session, or make the function async."
            ) from None
        found = self._by_loop.get(loop) if self._instead is None else self._instead
        if found is None:
            found = self._by_loop[loop] = {}
            for key, engine in self._engines.items():
                found[key] = self._make(engine, self._options[key], self._drivers[key])
                self._made(self, found[key])
        return found

    def faces_here(self) -> Mapping[str | None, sa.Engine]:
        """The sync faces of the running loop's engines, for the sync face of a session."""
        if self._instead is not None:
            return {key: engine.sync_engine for key, engine in self._instead.items()}
        found = self._faces.get(asyncio.get_running_loop())
        if found is None:
            made = {key: engine.sync_engine for key, engine in self.here().items()}
            found = self._faces[asyncio.get_running_loop()] = made
        return found

    @contextmanager
    def replaced_by(self, engines: Mapping[str | None, sa_async.AsyncEngine]) -> Iterator[None]:
        """Have each loop use these, which belong to none, until the block ends."""
        self._instead = engines
        try:
            yield
        finally:
            self._instead = None

    def _make(
        self, engine: sa.Engine, options: Mapping[str, Any], driver: str | None
    ) -> sa_async.AsyncEngine:
        made = async_options(engine, options, driver)
        if is_memory(engine.url):
            made["async_creator"] = _sharing(engine)
        return make_engine(made, sa_async.create_async_engine, sa_async.async_engine_from_config)

    async def dispose(self) -> None:
        """Close the connections of the running loop's engines."""
        loop = asyncio.get_running_loop()
        self._faces.pop(loop, None)
        await _close_all(self._by_loop.pop(loop, {}))

    def dispose_everywhere(self) -> Awaitable[None]:
        """Close the connections of every loop's engines: of another one's now, of the running one's soon.

        :return: What has to be awaited for the running loop's to be closed.
        """
        here = asyncio._get_running_loop()
        closing: list[asyncio.Future[None]] = []
        for loop in list(self._by_loop):
            self._faces.pop(loop, None)
            engines = self._by_loop.pop(loop, {})
            if loop is here:
                closing.append(_start(loop, _close_all(engines)))
            elif loop.is_running():
                elsewhere = asyncio.run_coroutine_threadsafe(_close_all(engines), loop)
                if here is None:
                    elsewhere.result()
                else:
                    closing.append(asyncio.wrap_future(elsewhere))
            elif here is None and not loop.is_closed():
                loop.run_until_complete(_close_all(engines))
            else:
                # Nothing can be awaited any more where they were opened.
                for engine in engines.values():
                    engine.sync_engine.dispose(close=False)
        return Closing(closing)


async def _close_all(engines: Mapping[str | None, sa_async.AsyncEngine]) -> None:
    for engine in engines.values():
        await engine.dispose()


class Closing(Awaitable[None]):
    """Connections that are being closed, on a loop or not at all: then there is nothing left to wait for.

    :param parts: What has begun and is to be awaited.
    """

    def __init__(self, parts: Sequence[asyncio.Future[None]]) -> None:
        self._parts = parts

    def __await__(self) -> Generator[Any, None, None]:
        for part in self._parts:
            yield from part


class _Shared:
    """The connection of an in-memory database, which only its owner may close."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Leave the database alive."""


def _sharing(engine: sa.Engine) -> Callable[[], Any]:
    """Makes aiosqlite connections to the database in memory that a sync engine has open.

    A second connection would be a second, empty database.
    """
    with needs("database"):
        # Imported late: aiosqlite is an optional driver.
        import aiosqlite

    async def connect() -> Any:
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
        made: Any = aiosqlite.Connection(lambda: cast(Any, _Shared(raw)), 64)
        # Before 0.22 the connection was the thread itself.
        getattr(
            made, "_thread", made
        ).daemon = True  # an open connection must not keep the process from ending
        return await made

    return connect
