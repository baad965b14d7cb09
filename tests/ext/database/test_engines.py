"""Engines: addresses, options that suit the database, pragmas."""

from __future__ import annotations

import asyncio
import os

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool, StaticPool

from demijohn.ext.database import SQLAlchemy
from demijohn.ext.database.engines import async_url, sync_url
from demijohn.ext.database.pool import WaitingPool


def engine_of(app, **options):
    db = SQLAlchemy(app, **options)
    with app.app_context():
        return db.engine


def pragma(engine, name):
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("address", "sync", "concurrent"),
    [
        ("sqlite:///a.db", "pysqlite", "aiosqlite"),
        ("sqlite+aiosqlite:///a.db", "pysqlite", "aiosqlite"),
        ("postgresql://h/d", "psycopg", "psycopg"),
        ("postgres://h/d", "psycopg", "psycopg"),
        ("mysql://h/d", "pymysql", "aiomysql"),
        ("mariadb+pymysql://h/d", "pymysql", "aiomysql"),
    ],
)
def test_an_address_is_for_sync_and_async_code(address, sync, concurrent):
    found = sync_url(address)
    assert (found.get_driver_name(), async_url(address).get_driver_name()) == (sync, concurrent)
    assert found.database == async_url(address).database == address.rpartition("/")[2]


def test_options_may_be_text_from_the_environment(make_app, sqlite):
    app = make_app(sqlite, SQLALCHEMY_ENGINE_OPTIONS={"pool_size": "3", "echo": "false"})
    engine = engine_of(app)
    assert (engine.pool.size(), engine.echo) == (3, False)


def test_no_address_is_an_error_that_names_the_settings(make_app):
    with pytest.raises(RuntimeError, match="'SQLALCHEMY_DATABASE_URI' or 'SQLALCHEMY_BINDS'"):
        SQLAlchemy(make_app(None))


def test_a_relative_path_is_in_the_instance_folder(make_app):
    app = make_app("sqlite:///shop.db")
    with engine_of(app).connect():
        assert os.path.isfile(os.path.join(app.instance_path, "shop.db"))


def test_a_driver_level_address_too(make_app):
    app = make_app("sqlite:///file:shop.db?uri=true")
    with engine_of(app).connect():
        assert os.path.isfile(os.path.join(app.instance_path, "shop.db"))


def test_a_database_in_memory_is_one_for_all_threads(make_app):
    assert isinstance(engine_of(make_app()).pool, StaticPool)


def test_settings_win_over_options_of_the_object(make_app):
    app = make_app(SQLALCHEMY_ENGINE_OPTIONS={"echo": False}, SQLALCHEMY_BINDS={"b": {"url": "sqlite://"}})
    db = SQLAlchemy(app, engine_options={"echo": True})
    with app.app_context():
        assert (db.engine.echo, db.engines["b"].echo) == (False, True)


def test_the_pool_is_set_up_by_settings(make_app, sqlite):
    app = make_app(sqlite, SQLALCHEMY_POOL_SIZE=3, SQLALCHEMY_MAX_OVERFLOW=4, SQLALCHEMY_POOL_TIMEOUT=0.5)
    pool = engine_of(app).pool
    assert (type(pool), pool.size(), pool._max_overflow, pool._timeout) == (WaitingPool, 3, 4, 0.5)


def test_a_pool_that_was_chosen_is_used(make_app, sqlite):
    app = make_app(sqlite, SQLALCHEMY_ENGINE_OPTIONS={"poolclass": NullPool})
    assert isinstance(engine_of(app).pool, NullPool)


def test_sqlite_files_are_opened_for_concurrent_use(make_app, sqlite):
    engine = engine_of(make_app(sqlite))
    found = [pragma(engine, name) for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")]
    assert found == ["wal", 1, 5000, 1]


def test_the_pragmas_can_be_chosen(make_app, sqlite):
    engine = engine_of(make_app(sqlite, SQLALCHEMY_SQLITE_PRAGMAS={"cache_size": -1000}))
    assert (pragma(engine, "cache_size"), pragma(engine, "foreign_keys")) == (-1000, 0)


def test_a_database_file_that_cannot_be_written_can_be_read(make_app, tmp_path):
    path = tmp_path / "old.db"
    with sa.create_engine(f"sqlite:///{path}", poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE jar (id INTEGER)")
    engine = engine_of(make_app(f"sqlite:///file:{path}?mode=ro&uri=true"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM jar").scalar() == 0


def test_mysql_is_spoken_to_in_all_of_unicode(make_app):
    engine = engine_of(make_app("mysql+pymysql://u:p@127.0.0.1:1/d"))
    assert (engine.url.query["charset"], engine.pool._recycle) == ("utf8mb4", 7200)


def test_a_settings_change_at_a_second_registration_is_used(make_app):
    db = SQLAlchemy(make_app())
    app = make_app(SQLALCHEMY_ECHO=False)
    db.init_app(app)
    with app.app_context():
        before = db.engine
        del app.extensions["sqlalchemy"]
        db.init_app(app)
        assert db.engine is not before


def test_the_object_says_which_database_it_uses(make_app):
    app = make_app(SQLALCHEMY_BINDS={"b": "sqlite://"})
    db = SQLAlchemy(app)
    assert repr(db) == "<SQLAlchemy>"
    with app.app_context():
        assert repr(db) == "<SQLAlchemy sqlite:// +1>"


def test_getting_an_engine_the_old_way_warns(small_shop):
    with small_shop.app.app_context(), pytest.warns(DeprecationWarning, match="engines"):
        assert small_shop.db.get_engine() is small_shop.db.engine


def test_a_worker_that_was_forked_uses_connections_of_its_own(small_shop):
    with small_shop.app.app_context():
        engine = small_shop.db.engine
        with engine.connect() as connection:
            parents = id(connection.connection.driver_connection)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            with engine.connect() as connection:
                own = id(connection.connection.driver_connection) != parents
            os.write(write, b"own" if own else b"the parent's")
            os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        with os.fdopen(read, "rb") as answer:
            assert answer.read() == b"own"


def test_an_async_driver_that_the_address_names_is_the_one_that_is_used(make_app):
    app = make_app("postgresql+psycopg_async://localhost/shop")
    db = SQLAlchemy(app)

    async def drivers():
        with app.app_context():
            return db.engine.url.drivername, db.async_engine.url.drivername

    assert asyncio.run(drivers()) == ("postgresql+psycopg", "postgresql+psycopg_async")


@pytest.mark.parametrize(
    "setting", ["SQLALCHEMY_BINDS", "SQLALCHEMY_ENGINE_OPTIONS", "SQLALCHEMY_SQLITE_PRAGMAS"]
)
def test_a_setting_that_must_be_a_dictionary_is_named(make_app, setting):
    app = make_app(**{setting: "sqlite://"})
    with pytest.raises(TypeError, match=f"{setting} is of type str. Expected is a dictionary"):
        SQLAlchemy(app)
