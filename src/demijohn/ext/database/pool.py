"""Connection pools that say so when they are exhausted: 503 to the client, one line in the log.

This module must not know sessions or models.
"""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy.exc as sa_exc
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool
from werkzeug.exceptions import ServiceUnavailable

from demijohn import current_app, has_app_context

#: Takes what happens outside of an application context.
logger = logging.getLogger("demijohn.ext.database")


class PoolExhausted(ServiceUnavailable, sa_exc.TimeoutError):  # type: ignore[misc]  # both have a code
    """No connection became free in time. Unhandled in a request, it is a 503 with ``Retry-After``.

    It is SQLAlchemy's :class:`~sqlalchemy.exc.TimeoutError` as well, for code outside of requests.
    """

    #: Seconds after which a client may try again.
    retry_in = 1

    def __init__(self, message: str) -> None:
        sa_exc.TimeoutError.__init__(self, message)
        self.message = message
        self.description = "The database has no free connection. Try again in a moment."
        self.response = None
        self.retry_after = self.retry_in

    def __str__(self) -> str:
        return self.message


def _exhausted(pool: QueuePool, cause: Exception) -> PoolExhausted:
    message = (
        f"No database connection became free in {pool._timeout:g} s: {pool.checkedout()} are in use, and the"
        f" pool has {pool.size()} with {max(pool._max_overflow, 0)} more in a rush. Set SQLALCHEMY_POOL_SIZE,"
        " SQLALCHEMY_MAX_OVERFLOW or SQLALCHEMY_POOL_TIMEOUT, or hold connections for a shorter time."
    )
    (current_app.logger if has_app_context() else logger).error(message)
    error = PoolExhausted(message)
    error.__cause__ = cause
    return error


class WaitingPool(QueuePool):
    """SQLAlchemy's queue of connections, whose time-out is a :class:`PoolExhausted`."""

    def _do_get(self) -> Any:
        try:
            return super()._do_get()
        except PoolExhausted:
            raise
        except sa_exc.TimeoutError as e:
            raise _exhausted(self, e) from e


class AsyncWaitingPool(WaitingPool, AsyncAdaptedQueuePool):
    """The same for async engines."""
