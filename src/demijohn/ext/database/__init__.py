"""Databases: Flask-SQLAlchemy's interface on SQLAlchemy 2, sync and async.

    from demijohn.ext.database import SQLAlchemy

    db = SQLAlchemy(app)                                   # SQLALCHEMY_DATABASE_URI names the database
    db.session.scalars(db.select(User))                    # in a sync view
    await db.async_session.scalars(db.select(User))        # in an async one, over the same models

A connection is taken by the first query of a request, and given back with the request, before a streamed
body is sent. Migrations are :mod:`demijohn.ext.migrations`'s business.
"""

from __future__ import annotations

import warnings

from demijohn.extend import needs

with needs("database"):
    from demijohn.ext.database.aio import AsyncPagination, AsyncSession
    from demijohn.ext.database.extension import SQLAlchemy
    from demijohn.ext.database.model import Model, TypedModel
    from demijohn.ext.database.on_loop import NotLoaded
    from demijohn.ext.database.pagination import Pagination
    from demijohn.ext.database.pool import PoolExhausted
    from demijohn.ext.database.query import Query
    from demijohn.ext.database.record_queries import get_recorded_queries
    from demijohn.ext.database.session import Session
    from demijohn.ext.database.track_modifications import before_models_committed, models_committed

__all__ = [
    "AsyncPagination",
    "AsyncSession",
    "Model",
    "NotLoaded",
    "Pagination",
    "PoolExhausted",
    "Query",
    "SQLAlchemy",
    "Session",
    "TypedModel",
    "before_models_committed",
    "get_recorded_queries",
    "models_committed",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        # COMPAT: extensions look at it to tell how old Flask-SQLAlchemy is.
        warnings.warn(
            "'__version__' is deprecated: it is the version of Flask-SQLAlchemy whose interface this is.",
            DeprecationWarning,
            stacklevel=2,
        )
        return "3.1.1"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
