"""``with db.transaction():`` commits what was done in the block, or takes all of it back.

This module must not know where sessions come from.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

import sqlalchemy.orm as sa_orm

from demijohn.ext.database.aio import AsyncSession
from demijohn.ext.database.session import OPEN

S = TypeVar("S", bound=sa_orm.Session)


class Transaction(Generic[S]):
    """A block that ends in a commit, or in a rollback when an exception leaves it.

    A block inside another one is a savepoint: its failure, when caught, takes back its own changes only.
    Used with ``async with`` it is about the async session.

    :param session: Gives the current session.
    :param async_session: Gives the current async session.
    """

    def __init__(self, session: Callable[[], S], async_session: Callable[[], AsyncSession]) -> None:
        self._session = session
        self._async_session = async_session
        self._stack: list[tuple[Any, Any]] = []

    def __enter__(self) -> S:
        session = self._session()
        self._stack.append((session, session.begin_nested() if _is_inner(session) else None))
        return session

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        session, savepoint = self._stack.pop()
        ends = session if savepoint is None else savepoint
        try:
            if error is None:
                ends.commit()
            else:
                ends.rollback()
        except BaseException:
            session.rollback()
            raise
        finally:
            if savepoint is None:
                session.info.pop(OPEN, None)

    async def __aenter__(self) -> AsyncSession:
        session = self._async_session()
        inner = _is_inner(session.sync_session)
        self._stack.append((session, await session.begin_nested() if inner else None))
        return session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        session, savepoint = self._stack.pop()
        ends = session if savepoint is None else savepoint
        try:
            if error is None:
                await ends.commit()
            else:
                await ends.rollback()
        except BaseException:
            await session.rollback()
            raise
        finally:
            if savepoint is None:
                session.sync_session.info.pop(OPEN, None)


def _is_inner(session: sa_orm.Session) -> bool:
    """Whether a block is open already; from now on one is."""
    inner = OPEN in session.info
    session.info[OPEN] = True
    return inner
