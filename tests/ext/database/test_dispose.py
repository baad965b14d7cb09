"""`db.dispose()`: every connection of an application is closed, and the next query opens another."""

from __future__ import annotations

import asyncio
import threading

import pytest

from demijohn import Flask
from demijohn.ext.database import SQLAlchemy


def open_connections(engine):
    return engine.pool.checkedin() + engine.pool.checkedout()


def test_connections_are_closed_and_opened_anew(shop):
    assert shop.names() == ["Ada", "Bob", "Cyd"]
    with shop.app.app_context():
        assert open_connections(shop.db.engine) == 1
        shop.db.dispose()
        assert open_connections(shop.db.engine) == 0
    assert shop.names() == ["Ada", "Bob", "Cyd"]


def test_every_database_of_the_application_is_meant(make_app, tmp_path):
    app = make_app(f"sqlite:///{tmp_path / 'a.db'}", SQLALCHEMY_BINDS={"b": f"sqlite:///{tmp_path / 'b.db'}"})
    db = SQLAlchemy(app)
    with app.app_context():
        for engine in db.engines.values():
            engine.connect().close()
        db.dispose()
        assert [open_connections(engine) for engine in db.engines.values()] == [0, 0]


def test_another_application_keeps_its_own(make_app, tmp_path):
    db = SQLAlchemy()
    apps = [make_app(f"sqlite:///{tmp_path / name}.db") for name in "ab"]
    for app in apps:
        db.init_app(app)
        with app.app_context():
            db.engine.connect().close()
    with apps[0].app_context():
        db.dispose()
    with apps[1].app_context():
        assert open_connections(db.engine) == 1


def test_async_code_awaits_it(shop):
    db = shop.db

    async def work():
        with shop.app.app_context():
            async with db.async_session() as session:
                await session.scalar(db.select(shop.User.name))
            pools = db.engine.pool, db.async_engine.pool
            opened = pools[1].checkedin()
            await db.dispose()
            return opened, [pool.checkedin() for pool in pools]

    assert asyncio.run(work()) == (1, [0, 0])


def test_what_is_not_awaited_is_closed_soon(shop):
    db = shop.db

    async def work():
        with shop.app.app_context():
            async with db.async_session() as session:
                await session.scalar(db.select(shop.User.name))
            pool = db.async_engine.pool
            db.dispose()
            for _ in range(200):
                if not pool.checkedin():
                    break
                await asyncio.sleep(0.01)
            return pool.checkedin()

    assert asyncio.run(work()) == 0


@pytest.fixture
def pools(shop):
    """The pools of the async engines that its view has used."""
    seen = []

    @shop.app.get("/async")
    async def view():
        seen.append(shop.db.async_engine.pool)
        return await shop.db.async_session.scalar(shop.db.select(shop.User.name).order_by(shop.User.id))

    return seen


def test_sync_code_closes_what_async_views_opened(shop, pools):
    assert shop.app.test_client().get("/async").text == "Ada"
    with shop.app.app_context():
        shop.db.dispose()
    assert [pool.checkedin() for pool in pools] == [0]
    assert shop.app.test_client().get("/async").text == "Ada"


def test_async_code_closes_what_another_loop_opened(shop, pools):
    assert shop.app.test_client().get("/async").text == "Ada"

    async def work():
        with shop.app.app_context():
            await shop.db.dispose()

    asyncio.run(work())
    assert [pool.checkedin() for pool in pools] == [0]


def test_a_loop_that_stands_still_is_run_for_it(small_shop):
    loop, db = asyncio.new_event_loop(), small_shop.db

    async def ask():
        with small_shop.app.app_context():
            async with db.async_session() as session:
                await session.scalar(db.select(small_shop.User.name))
            return db.async_engine.pool

    try:
        pool = loop.run_until_complete(ask())
        with small_shop.app.app_context():
            db.dispose()
        assert pool.checkedin() == 0
    finally:
        loop.close()


def test_a_connection_in_use_goes_on(shop):
    with shop.app.app_context():
        with shop.db.engine.connect() as connection:
            shop.db.dispose()
            assert connection.exec_driver_sql("select 1").scalar() == 1
            connection.detach()  # what is given back now would be closed by the garbage collector


def test_outside_of_an_application_there_is_nothing_to_close(small_shop):
    with pytest.raises(RuntimeError, match="application context"):
        small_shop.db.dispose()
    with Flask("other").app_context(), pytest.raises(RuntimeError, match="not registered"):
        small_shop.db.dispose()


def test_threads_may_close_at_the_same_time(shop, pools):
    assert shop.app.test_client().get("/async").text == "Ada"
    failures = []

    def close():
        try:
            with shop.app.app_context():
                shop.db.dispose()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [pool.checkedin() for pool in pools] == [0]
