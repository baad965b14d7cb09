"""`db.rolled_back()`: a block after which the database is as it was before, on each kind of database."""

from __future__ import annotations

import asyncio
import threading

import pytest

NAMES = ["Ada", "Bob", "Cyd"]


def add(shop, name):
    shop.db.session.add(shop.User(name=name))
    shop.db.session.commit()


async def async_add(shop, name):
    shop.db.async_session.add(shop.User(name=name))
    await shop.db.async_session.commit()


def names(shop):
    """The names, in a session of their own."""
    with shop.app.app_context():
        return list(shop.db.session.scalars(shop.db.select(shop.User.name).order_by(shop.User.id)))


def test_all_that_was_committed_is_taken_back_whoever_did_it(shop):
    @shop.app.post("/sync/<name>")
    def sync_view(name):
        add(shop, name)
        return "done"

    @shop.app.post("/async/<name>")
    async def async_view(name):
        await async_add(shop, name)
        found = await shop.db.async_session.scalars(shop.db.select(shop.User.name))
        return sorted(found)

    with shop.app.app_context(), shop.db.rolled_back():
        add(shop, "Dan")
        with shop.db.engine.begin() as connection:
            connection.execute(shop.db.insert(shop.User).values(name="Eve"))
        shop.app.test_client(protocol="asgi").post("/sync/Fay")
        seen = shop.app.test_client(protocol="asgi").post("/async/Gus").json
        assert seen == [*NAMES, "Dan", "Eve", "Fay", "Gus"]
        assert names(shop) == seen
    assert shop.names() == NAMES


def test_a_rollback_takes_back_no_more_than_its_own(shop):
    with shop.app.app_context(), shop.db.rolled_back():
        add(shop, "Dan")
        shop.db.session.add(shop.User(name="Eve"))
        shop.db.session.flush()
        shop.db.session.rollback()
        with shop.db.session.begin_nested() as inner:
            shop.db.session.add(shop.User(name="Fay"))
            shop.db.session.flush()
            inner.rollback()
        assert names(shop) == [*NAMES, "Dan"]
    assert shop.names() == NAMES


def test_a_test_that_only_reads_does_not_undo_what_a_view_commits_meanwhile(shop):
    @shop.app.post("/<name>")
    def view(name):
        add(shop, name)
        return "done"

    with shop.app.app_context(), shop.db.rolled_back():
        user = shop.db.session.get(shop.User, 1)  # and its transaction stays open
        shop.app.test_client(protocol="asgi").post("/Dan")
        shop.db.session.rollback()
        assert user.name == "Ada"
        assert names(shop) == [*NAMES, "Dan"]


def test_an_error_of_the_database_leaves_the_rest_alone(shop):
    import sqlalchemy.exc

    with shop.app.app_context(), shop.db.rolled_back():
        add(shop, "Dan")
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            add(shop, "Ada")
        shop.db.session.rollback()
        with pytest.raises(sqlalchemy.exc.DBAPIError):
            shop.db.session.execute(shop.db.text("SELECT no_such_column FROM no_such_table"))
        shop.db.session.rollback()
        assert names(shop) == [*NAMES, "Dan"]
    assert shop.names() == NAMES


def test_requests_at_the_same_time_come_one_after_the_other(shop):
    """Each adds and lets others run before it ends; every other one takes its own back."""

    @shop.app.post("/<int:number>")
    async def view(number):
        shop.db.async_session.add(shop.User(name=f"guest {number}"))
        await shop.db.async_session.flush()
        await asyncio.sleep(0.01)
        await (shop.db.async_session.rollback() if number % 2 else shop.db.async_session.commit())
        return "done"

    @shop.app.post("/sync/<int:number>")
    def sync_view(number):
        shop.db.session.add(shop.User(name=f"guest {number}"))
        shop.db.session.flush()
        threading.Event().wait(0.01)
        shop.db.session.rollback() if number % 2 else shop.db.session.commit()
        return "done"

    async def all_at_once():
        client = shop.app.async_test_client()
        posts = [client.post(f"/{number}") for number in range(4)]
        posts += [client.post(f"/sync/{number}") for number in range(4, 8)]
        return [(await post).status_code for post in asyncio.as_completed(posts)]

    with shop.app.app_context(), shop.db.rolled_back():
        assert asyncio.run(all_at_once()) == [200] * 8
        assert sorted(names(shop)) == [*NAMES, "guest 0", "guest 2", "guest 4", "guest 6"]
    assert shop.names() == NAMES


def test_the_session_of_async_code_and_that_of_a_test_are_one_transaction(shop):
    async def work():
        await async_add(shop, "Dan")
        async with shop.db.transaction() as session:
            session.add(shop.User(name="Eve"))
        return (await shop.db.async_session.get_or_404(shop.User, 1)).name

    with shop.app.app_context(), shop.db.rolled_back():
        add(shop, "Fay")
        assert asyncio.run(work()) == "Ada"
        assert names(shop) == [*NAMES, "Fay", "Dan", "Eve"]
    assert shop.names() == NAMES


def test_what_would_end_the_transaction_is_refused(shop):
    with shop.app.app_context(), shop.db.rolled_back():
        add(shop, "Dan")
        with pytest.raises(RuntimeError, match="one transaction"), shop.db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
        with shop.db.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
        if shop.db.engine.dialect.name in {"mysql", "mariadb"}:
            with pytest.raises(RuntimeError, match="commits before it does this"):
                shop.db.session.execute(shop.db.text("CREATE TABLE other (id INTEGER)"))
        else:
            shop.db.session.execute(shop.db.text("CREATE TABLE other (id INTEGER)"))
            shop.db.session.commit()
    assert shop.names() == NAMES
    with shop.app.app_context():
        assert not shop.db.inspect(shop.db.engine).has_table("other")


def test_afterwards_all_is_as_it_was(small_shop):
    shop = small_shop
    with shop.app.app_context():
        pool = shop.db.engine.pool
        with shop.db.rolled_back():
            assert shop.db.engine.pool is not pool
            asyncio.run(async_add(shop, "Dan"))
        assert shop.db.engine.pool is pool
        assert pool.checkedout() == 0

        async def keep():
            await async_add(shop, "Dan")
            await shop.db.dispose()

        asyncio.run(keep())
    assert shop.names() == [*NAMES, "Dan"]


def test_a_database_in_memory_is_taken_back_too(make_shop):
    shop = make_shop("sqlite://")
    with shop.app.app_context(), shop.db.rolled_back():
        add(shop, "Dan")
        asyncio.run(async_add(shop, "Eve"))
        assert names(shop) == [*NAMES, "Dan", "Eve"]
    assert names(shop) == NAMES


def test_what_still_runs_when_the_test_is_over_is_told_so(small_shop):
    shop = small_shop
    with shop.app.app_context():
        with shop.db.rolled_back():
            connection = shop.db.engine.connect()
        with pytest.raises(RuntimeError, match="is over"):
            connection.execute(shop.db.text("SELECT 1"))
        connection.close()


def test_who_never_ends_a_transaction_is_named(small_shop, monkeypatch):
    shop = small_shop
    from demijohn.ext.database import one_transaction

    monkeypatch.setattr(one_transaction, "PATIENCE", 0.1)
    flushed, go_on = threading.Event(), threading.Event()

    @shop.app.get("/long")
    def long():
        shop.db.session.add(shop.User(name="Dan"))
        shop.db.session.flush()
        flushed.set()
        go_on.wait(10)
        return "done"

    with shop.app.app_context(), shop.db.rolled_back():
        client = shop.app.test_client(protocol="asgi")
        thread = threading.Thread(target=client.get, args=["/long"])
        thread.start()
        flushed.wait(10)
        with pytest.raises(RuntimeError, match="the request GET /long has changed something"):
            names(shop)
        go_on.set()
        thread.join()
