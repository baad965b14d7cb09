"""Engines: addresses of databases, and the options that suit each kind of database.

Addresses may name a sync or an async driver; :func:`sync_url` and :func:`async_url` give the one that is
wanted. This module must not know sessions or models.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

import sqlalchemy as sa
import sqlalchemy.event as sa_event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection, QueuePool, StaticPool

from demijohn import Flask
from demijohn.extend import needs
from demijohn.ext.database.pool import AsyncWaitingPool, WaitingPool

T = TypeVar("T")

#: What a SQLite file is opened with. WAL lets readers and one writer work at once; with it NORMAL loses
#: nothing but the last transactions, and those only when the machine loses its power.
SQLITE_PRAGMAS: Mapping[str, Any] = {
    "busy_timeout": 5000,  # milliseconds
    "foreign_keys": "ON",
    "journal_mode": "WAL",
    "synchronous": "NORMAL",
}

#: (sync driver, async driver) by kind of database; of several, the first that is installed.
_DRIVERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sqlite": (("pysqlite",), ("aiosqlite",)),
    "postgresql": (("psycopg", "psycopg2"), ("psycopg", "asyncpg")),
    "mysql": (("pymysql", "mysqldb"), ("aiomysql", "asyncmy")),
    "mariadb": (("pymysql", "mysqldb"), ("aiomysql", "asyncmy")),
}
_MODULES = {"mysqldb": "MySQLdb", "pysqlite": "sqlite3"}
#: Drivers that speak sync and async.
_BOTH = frozenset({"psycopg"})
_ASYNC = frozenset({"aiosqlite", "aiomysql", "asyncmy", "asyncpg", "psycopg_async"})


def _installed(driver: str) -> bool:
    return find_spec(_MODULES.get(driver, driver)) is not None


def _with_driver(url: sa.URL, drivers: tuple[str, ...]) -> sa.URL:
    kind = url.get_backend_name()
    chosen = next((driver for driver in drivers if _installed(driver)), drivers[0])
    return url.set(drivername=f"{kind}+{chosen}")


def sync_url(address: str | sa.URL) -> sa.URL:
    """The address with a driver that blocks: an async driver is replaced, a missing default as well."""
    if isinstance(address, str) and address.startswith("postgres://"):
        # What some hosts put in the environment; SQLAlchemy knows the long name only.
        address = address.replace("postgres", "postgresql", 1)
    url = sa.make_url(address)
    kind, _, driver = url.drivername.partition("+")
    if kind not in _DRIVERS or (driver and driver not in _ASYNC):
        return url
    drivers = _DRIVERS[kind][0]
    if not driver and (kind == "sqlite" or _installed(url.get_driver_name())):
        return url  # SQLAlchemy's own choice
    return _with_driver(url, drivers)


def async_url(address: str | sa.URL) -> sa.URL:
    """The address with an async driver: ``sqlite`` with aiosqlite, ``mysql+pymysql`` with aiomysql."""
    url = sync_url(address) if isinstance(address, str) else address
    kind, _, driver = url.drivername.partition("+")
    if kind not in _DRIVERS or driver in _ASYNC or driver in _BOTH:
        return url
    return _with_driver(url, _DRIVERS[kind][1])


def is_memory(url: sa.URL) -> bool:
    """Whether this is a SQLite database that lives and dies with its connection."""
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def apply_driver_defaults(options: dict[str, Any], app: Flask) -> None:
    """Complete the options of a sync engine in place: address, pool, character set.

    A relative SQLite path is taken from the application's instance folder, which is made.
    """
    url = sync_url(options["url"])
    kind = url.get_backend_name()
    if kind == "sqlite":
        if is_memory(url):
            # Every connection would be a database of its own.
            options["poolclass"] = StaticPool
            options["connect_args"] = {**options.get("connect_args", {}), "check_same_thread": False}
        else:
            url = _in_instance_folder(url, app)
    elif kind in {"mysql", "mariadb"}:
        if options.get("poolclass", QueuePool) in {QueuePool, WaitingPool}:
            options.setdefault("pool_recycle", 7200)  # seconds; the server hangs up after 8 hours
        if "charset" not in url.query:
            url = url.update_query_dict({"charset": "utf8mb4"})
    options["url"] = url
    if options.get("poolclass", QueuePool) is QueuePool and "pool" not in options:
        options["poolclass"] = WaitingPool
        _apply_pool_settings(options, app)


def _apply_pool_settings(options: dict[str, Any], app: Flask) -> None:
    for setting, option in (
        ("SQLALCHEMY_POOL_SIZE", "pool_size"),
        ("SQLALCHEMY_MAX_OVERFLOW", "max_overflow"),
        ("SQLALCHEMY_POOL_TIMEOUT", "pool_timeout"),
    ):
        value = app.config.get(setting)
        if value is not None:
            options.setdefault(option, value)


def _in_instance_folder(url: sa.URL, app: Flask) -> sa.URL:
    path = url.database or ""
    # With ?uri=true the driver takes the address "file:path?..." itself.
    prefix = "file:" if url.query.get("uri") and path.startswith("file:") else ""
    path = path[len(prefix) :]
    if os.path.isabs(path):
        return url
    os.makedirs(app.instance_path, exist_ok=True)
    return url.set(database=prefix + os.path.join(app.instance_path, path))


def make_engine(options: Mapping[str, Any], make: Callable[..., T], from_config: Callable[..., T]) -> T:
    """An engine, sync or async; options that are text, as from the environment, are read as what they mean."""
    with needs():  # for its driver
        if any(isinstance(value, str) for name, value in options.items() if name != "url"):
            return from_config(options, prefix="")
        others = dict(options)
        # Not always from_config: it makes whole seconds of every time-out.
        return make(others.pop("url"), **others)


def named_async_driver(address: str | sa.URL) -> str | None:
    """The async driver that an address asks for, or None when it leaves the choice."""
    driver = sa.make_url(address).drivername.partition("+")[2]
    return driver if driver in _ASYNC else None


def async_options(engine: sa.Engine, options: Mapping[str, Any], driver: str | None = None) -> dict[str, Any]:
    """The options of an async engine beside a sync one.

    :param engine: The sync engine.
    :param options: What the sync engine was made with.
    :param driver: The async driver, where one was asked for.
    :raises RuntimeError: when no async driver is known for the database.
    """
    url = async_url(engine.url)
    if driver is not None:
        url = url.set(drivername=f"{url.get_backend_name()}+{driver}")
    if not url.get_dialect().is_async and url.get_driver_name() not in _BOTH:
        raise RuntimeError(
            f"There is no async driver for the database address {url.render_as_string()!r}: name one in it,"
            " as in 'dialect+driver://...'."
        )
    made = {**options, "url": url}
    if made.get("poolclass") in {WaitingPool, QueuePool}:
        made["poolclass"] = AsyncWaitingPool
    elif made.get("poolclass") is StaticPool and not is_memory(url):
        made["poolclass"] = AsyncAdaptedQueuePool
    return made


def prepare_sqlite(engine: sa.Engine, pragmas: Mapping[str, Any] | None) -> None:
    """Run the pragmas on each new connection, and begin transactions before savepoints.

    :param engine: A SQLite engine, sync or the sync face of an async one.
    :param pragmas: Names and values; what a read-only or in-memory database refuses is left.
    """
    if pragmas:
        statements = [f"PRAGMA {name}={value}" for name, value in pragmas.items()]

        def on_connect(connection: DBAPIConnection, record: object) -> None:
            cursor = connection.cursor()
            for statement in statements:
                try:
                    cursor.execute(statement)
                except Exception as e:
                    # A database on read-only media is readable without WAL.
                    if "readonly" not in str(e):
                        raise
            cursor.close()

        sa_event.listen(engine, "connect", on_connect)
    # PERF: an engine with listeners to what is executed looks for them at each query (a tenth of its calls);
    # these two are asked for what they are about only.
    dialect: Any = engine.dialect
    dialect.do_savepoint = partial(_begin_and_savepoint, dialect.do_savepoint)
    if dialect.is_async:
        dialect.do_rollback = partial(_rollback_if_begun, dialect.do_rollback)


def _begin_and_savepoint(savepoint: Callable[..., None], connection: sa.Connection, name: str) -> None:
    # The driver begins a transaction at the first change only; RELEASE of a savepoint that began one
    # would commit it.
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN")
    savepoint(connection, name)


def _rollback_if_begun(rollback: Callable[..., None], connection: PoolProxiedConnection) -> None:
    # PERF: the async driver has a thread for each connection; without a transaction there is nothing to wait for.
    driver: Any = connection.driver_connection
    if driver.in_transaction:
        rollback(connection)
