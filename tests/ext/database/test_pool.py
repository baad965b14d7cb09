"""Fault 9: an exhausted pool answers 503 after its time-out, says so, and recovers."""

from __future__ import annotations

import logging
import time

import pytest
import sqlalchemy as sa

from demijohn.ext.database import PoolExhausted

TIMEOUT = 0.2


@pytest.fixture
def narrow(make_shop, address):
    """A shop with a single connection."""
    return make_shop(
        address, SQLALCHEMY_POOL_SIZE=1, SQLALCHEMY_MAX_OVERFLOW=0, SQLALCHEMY_POOL_TIMEOUT=TIMEOUT
    )


def test_fault_9_an_exhausted_pool_is_a_503_and_a_log_line(narrow, caplog):
    @narrow.app.get("/")
    def index():
        return str(narrow.db.session.scalar(narrow.db.select(narrow.db.func.count(narrow.User.id))))

    client = narrow.app.test_client()
    with narrow.app.app_context():
        taken = narrow.db.engine.connect()
    started = time.monotonic()
    response = client.get("/")
    assert response.status_code == 503
    assert TIMEOUT <= time.monotonic() - started < 20
    assert response.headers["Retry-After"] == "1"
    assert "SQLALCHEMY_POOL_TIMEOUT" in caplog.text
    assert "SQLALCHEMY" not in response.text
    taken.close()
    assert client.get("/").text == "3"


def test_fault_9_the_same_for_async_views(narrow, caplog):
    @narrow.app.get("/")
    async def index():
        return str(
            await narrow.db.async_session.scalar(narrow.db.select(narrow.db.func.count(narrow.User.id)))
        )

    @narrow.app.get("/full")
    async def full():
        async with narrow.db.async_engine.connect():
            return await index()

    with narrow.app.test_client(protocol="asgi", lifespan=True) as client:
        assert client.get("/full").status_code == 503
        assert "SQLALCHEMY_POOL_TIMEOUT" in caplog.text
        assert client.get("/").text == "3"


def test_an_error_handler_can_answer_it(small_shop):
    @small_shop.app.errorhandler(503)
    def busy(error):
        return "busy", 503

    @small_shop.app.get("/")
    def index():
        raise PoolExhausted("no connection")

    assert small_shop.app.test_client().get("/").text == "busy"


def test_it_is_sqlalchemys_time_out_as_well(make_shop, sqlite):
    shop = make_shop(sqlite, SQLALCHEMY_POOL_SIZE=1, SQLALCHEMY_MAX_OVERFLOW=0, SQLALCHEMY_POOL_TIMEOUT=0.01)
    with (
        shop.app.app_context(),
        shop.db.engine.connect(),
        pytest.raises(sa.exc.TimeoutError, match="1 are in use"),
    ):
        shop.db.engine.connect()


def test_outside_of_a_context_the_log_is_the_rooms_own(make_shop, sqlite, caplog):
    shop = make_shop(sqlite, SQLALCHEMY_POOL_SIZE=1, SQLALCHEMY_MAX_OVERFLOW=0, SQLALCHEMY_POOL_TIMEOUT=0.01)
    with shop.app.app_context():
        engine = shop.db.engine
    with engine.connect(), pytest.raises(PoolExhausted):
        engine.connect()
    assert caplog.record_tuples[0][:2] == ("demijohn.ext.database", logging.ERROR)
