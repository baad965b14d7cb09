"""`db.transaction()`: all of a block or nothing of it, sync and async, on every kind of database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa


class Stop(Exception):
    """Leaves a block."""


def stop():
    raise Stop


def test_a_block_is_committed_at_its_end(shop):
    with shop.app.app_context():
        with shop.db.transaction() as session:
            session.add(shop.User(name="Dee"))
        assert shop.names()[-1] == "Dee"


def test_an_exception_takes_the_block_back(shop):
    with shop.app.app_context():
        with pytest.raises(Stop), shop.db.transaction() as session:
            session.add(shop.User(name="Dee"))
            session.flush()
            raise Stop
        assert "Dee" not in shop.names()


def test_an_inner_block_that_failed_takes_back_its_own_changes_only(shop):
    with shop.app.app_context():
        with shop.db.transaction() as session:
            session.add(shop.User(name="Dee"))
            with pytest.raises(Stop), shop.db.transaction():
                session.add(shop.User(name="Eve"))
                raise Stop
            session.add(shop.User(name="Fay"))
        assert shop.names()[3:] == ["Dee", "Fay"]


def test_an_outer_block_that_failed_takes_back_the_inner_one(shop):
    with shop.app.app_context():
        with pytest.raises(Stop), shop.db.transaction() as session:
            with shop.db.transaction():
                session.add(shop.User(name="Dee"))
            raise Stop
        assert "Dee" not in shop.names()


def test_a_commit_that_fails_leaves_a_usable_session(shop):
    with shop.app.app_context():
        with pytest.raises(sa.exc.IntegrityError), shop.db.transaction() as session:
            session.add(shop.User(name="Ada"))
        with shop.db.transaction() as session:
            session.add(shop.User(name="Dee"))
        assert shop.names()[-1] == "Dee"


def test_an_async_block_is_committed_at_its_end(shop, run_async):
    async def work():
        async with shop.db.transaction() as session:
            session.add(shop.User(name="Dee"))

    run_async(shop, work)
    assert shop.names()[-1] == "Dee"


def test_async_blocks_nest(shop, run_async):
    async def work():
        async with shop.db.transaction() as session:
            session.add(shop.User(name="Dee"))
            with pytest.raises(Stop):
                async with shop.db.transaction():
                    session.add(shop.User(name="Eve"))
                    raise Stop
        with pytest.raises(Stop):
            async with shop.db.transaction():
                async with shop.db.transaction():
                    session.add(shop.User(name="Fay"))
                raise Stop

    run_async(shop, work)
    assert shop.names()[3:] == ["Dee"]
