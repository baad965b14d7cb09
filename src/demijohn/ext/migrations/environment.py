"""What a folder's ``env.py`` runs: the revisions, on every database of the application, or their SQL.

:func:`run_migrations` is called by the ``env.py`` that ``db init`` writes. This module must not know the
commands: Alembic's ``context`` says what is to be done.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast

import sqlalchemy as sa
import sqlalchemy.ext.asyncio as sa_async
from alembic import context
from alembic.util import CommandError

from demijohn import current_app
from demijohn.ext.migrations.configuration import Database, _MigrateConfig
from demijohn.ext.migrations.logs import reporter, set_up_logging

log = logging.getLogger("alembic.env")


def run_migrations(*, multidb: bool = False, asynchronous: bool = False, **options: Any) -> None:
    """Run what Alembic was told to, on the current application's database.

    :param multidb: All databases, each with functions of its own in a revision.
    :param asynchronous: Through the async engines.
    :param options: For ``alembic.context.configure``; they win over those of ``Migrate``.
    """
    if context.config.config_file_name is not None:
        set_up_logging(context.config.config_file_name)
    run = _Environment(multidb, options)
    if context.is_offline_mode():
        run.print_sql()
    elif asynchronous:
        asyncio.run(run.on_async_engines())
    else:
        run.on_engines()


def bind_names() -> list[str]:
    """The bind keys of the current application, without the default's."""
    return [name for name in current_app.config.get("SQLALCHEMY_BINDS") or {} if name is not None]


def database_names() -> list[str]:
    """The names of the current application's databases: its bind keys, and empty text for a default."""
    registered: _MigrateConfig = current_app.extensions["migrate"]
    return [*([""] if None in registered.db.engines else []), *bind_names()]


class AsyncDatabase(Database, Protocol):
    """A database object that has async engines too, for the templates ``aioflask``."""

    @property
    def async_engines(self) -> Mapping[str | None, sa_async.AsyncEngine]:
        """Those of the current application and the running event loop."""
        ...


class _Environment:
    """One run of ``env.py``.

    :param multidb: Whether revisions have functions for each database.
    :param options: For ``alembic.context.configure``.
    """

    def __init__(self, multidb: bool, options: dict[str, Any]) -> None:
        registered: _MigrateConfig = current_app.extensions["migrate"]
        self.db = registered.db
        self.names: list[str] = database_names() if multidb else [""]
        if not multidb and None not in self.db.engines:
            raise CommandError(
                "There is no default database (SQLALCHEMY_DATABASE_URI), and this folder is for that one only. Make"
                " one for all of SQLALCHEMY_BINDS: db init --multidb."
            )
        self.multidb = multidb
        self.options: dict[str, Any] = {"process_revision_directives": self.without_empty_revisions}
        for own in registered.configure_args, options:
            self.options.update({name: value for name, value in own.items() if value is not None})

    def without_empty_revisions(self, migration: object, revision: object, directives: list[Any]) -> None:
        """Write no revision when models and database are the same."""
        if not getattr(context.config.cmd_opts, "autogenerate", False):
            return
        if all(operations.is_empty() for operations in directives[0].upgrade_ops_list):
            directives.clear()
            reporter().info("No changes in schema detected.")

    def configure(self, name: str, **where: Any) -> None:
        """Tell Alembic about one database."""
        metadatas: Mapping[str | None, sa.MetaData] | None = getattr(self.db, "metadatas", None)
        tokens: dict[str, Any] = {}
        if self.multidb:
            tokens = {"upgrade_token": f"{name}_upgrades", "downgrade_token": f"{name}_downgrades"}
        context.configure(
            target_metadata=metadatas[name or None] if metadatas else self.db.metadata,
            **where, **tokens, **self.options,
        )  # fmt: skip

    def revise(self, name: str) -> None:
        """Run the revisions on the database that was configured last."""
        if self.multidb:
            log.info("Migrating database %s", name or "<default>")
            context.run_migrations(engine_name=name)
        else:
            context.run_migrations()

    def print_sql(self) -> None:
        """Print the SQL of each database, one after another."""
        for name in self.names:
            if self.multidb:
                context.config.print_stdout("-- Database: %s\n", name or "<default>")
            url = self.db.engines[name or None].url
            self.configure(name, url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
            with context.begin_transaction():
                self.revise(name)

    def on_engines(self) -> None:
        """Run the revisions; what they do is committed when it was done on all databases."""
        with contextlib.ExitStack() as open_:
            connections = {
                name: open_.enter_context(self.db.engines[name or None].connect()) for name in self.names
            }
            self.on_connections(connections)

    async def on_async_engines(self) -> None:
        """The same through the async engines, which are closed with the loop."""
        database = cast(AsyncDatabase, self.db)
        engines = {name: database.async_engines[name or None] for name in self.names}
        async with contextlib.AsyncExitStack() as open_:
            for engine in engines.values():
                open_.push_async_callback(engine.dispose)
            connections = {
                name: await open_.enter_async_context(engine.connect()) for name, engine in engines.items()
            }
            first, *_ = connections.values()
            # Alembic is sync: it is run in SQLAlchemy's bridge, on the sync faces of the connections.
            await first.run_sync(
                lambda _: self.on_connections(
                    {name: connection.sync_connection for name, connection in connections.items()}
                )
            )

    def on_connections(self, connections: dict[str, Any]) -> None:
        """Run the revisions on connections, by the name of their database."""
        with self.transactions(connections):
            for name, connection in connections.items():
                self.configure(name, connection=connection)
                if self.multidb:
                    self.revise(name)
                else:
                    with context.begin_transaction():
                        self.revise(name)

    @contextlib.contextmanager
    def transactions(self, connections: dict[str, sa.Connection]) -> Iterator[None]:
        """A transaction on each of several connections, ended together."""
        if not self.multidb:
            yield  # Alembic begins its own, one for each revision where that was asked for
            return
        begun = [connection.begin() for connection in connections.values()]
        try:
            yield
        except BaseException:
            for transaction in begun:
                transaction.rollback()
            raise
        for transaction in begun:
            transaction.commit()
