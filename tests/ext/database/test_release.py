"""A connection is not held while a client is waited for: the pool is counted where a stream or socket stands.

Fault 5 (a client that goes in mid-stream) is here as well.
"""

from __future__ import annotations

import time

import pytest

from demijohn import stream_with_context, websocket

PROTOCOLS = pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])


def client_of(shop, protocol):
    return shop.app.test_client(protocol=protocol, lifespan=protocol != "wsgi")


@PROTOCOLS
def test_before_the_first_part_of_a_stream_the_connection_is_back(shop, protocol):
    db = shop.db

    @shop.app.get("/")
    def index():
        names = db.session.scalars(db.select(shop.User.name).order_by(shop.User.id)).all()
        assert shop.in_use() == 1

        def body():
            for name in names:
                yield f"{name} {db.engine.pool.checkedout()}\n"

        return body()

    with client_of(shop, protocol) as client:
        assert client.get("/").text == "Ada 0\nBob 0\nCyd 0\n"


@PROTOCOLS
def test_the_same_when_the_stream_keeps_the_context(shop, protocol):
    """Loaded objects are still usable, and are not queried again one by one."""
    db = shop.db

    @shop.app.get("/")
    def index():
        users = db.session.scalars(db.select(shop.User).order_by(shop.User.id)).all()
        assert shop.in_use() == 1

        @stream_with_context
        def body():
            for user in users:
                yield f"{user.name} {db.engine.pool.checkedout()}\n"
            # A lazy query takes a connection again.
            yield f"{db.session.get(shop.User, 1, populate_existing=True).name} {db.engine.pool.checkedout()}"

        return body()

    with client_of(shop, protocol) as client:
        assert client.get("/").text == "Ada 0\nBob 0\nCyd 0\nAda 1"
        assert shop.in_use() == 0


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_an_async_session_too(shop, protocol):
    db = shop.db

    @shop.app.get("/")
    async def index():
        users = (await db.async_session.scalars(db.select(shop.User).order_by(shop.User.id))).all()
        pool = db.async_engine.pool
        assert pool.checkedout() == 1

        @stream_with_context
        async def body():
            for user in users:
                yield f"{user.name} {pool.checkedout()}\n"

        return body()

    with client_of(shop, protocol) as client:
        assert client.get("/").text == "Ada 0\nBob 0\nCyd 0\n"


def test_changes_that_were_not_committed_keep_the_connection_and_are_complained_of(shop, caplog):
    db = shop.db

    @shop.app.get("/")
    def index():
        db.session.add(shop.User(name="Dee"))
        db.session.flush()

        @stream_with_context
        def body():
            yield str(shop.in_use())
            db.session.commit()

        return body()

    assert shop.app.test_client().get("/").text == "1"
    assert shop.names()[-1] == "Dee"
    assert "not committed" in caplog.text


@pytest.mark.parametrize("how", ["update", "text", "query", "connection", "bulk"])
def test_so_do_changes_that_a_statement_made(shop, how):
    db, session = shop.db, shop.db.session
    statement = db.update(shop.User).where(shop.User.name == "Ada").values(name="Ann")

    @shop.app.get("/")
    def index():
        literal = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
        if how == "update":
            session.execute(statement)
        elif how == "text":
            session.execute(db.text(literal))
        elif how == "query":
            session.query(shop.User).filter_by(name="Ada").update({"name": "Ann"})
        elif how == "connection":
            session.connection().execute(statement)
        else:
            session.bulk_update_mappings(shop.User, [{"id": 1, "name": "Ann"}])

        @stream_with_context
        def body():
            yield ""
            db.session.commit()

        return body()

    assert shop.app.test_client().get("/").text == ""
    assert shop.names()[0] == "Ann"


def test_keeping_the_connection_can_be_asked_for(make_shop, sqlite):
    shop = make_shop(sqlite, SQLALCHEMY_RELEASE_WHEN_IDLE=False)

    @shop.app.get("/")
    def index():
        shop.db.session.get(shop.User, 1)
        return stream_with_context(str(shop.in_use()) for _ in range(1))

    assert shop.app.test_client().get("/").text == "1"


@PROTOCOLS
@pytest.mark.parametrize("concurrent", [False, True], ids=["sync", "async"])
def test_fault_5_a_client_that_goes_in_mid_stream_leaves_no_connection_behind(shop, protocol, concurrent):
    db = shop.db
    pools = []

    @shop.app.get("/async")
    async def async_index():
        @stream_with_context
        async def body():
            pools.append(db.async_engine.pool)
            for number in range(1000):
                await db.async_session.get(shop.User, 1, populate_existing=True)
                yield str(number)

        return body()

    @shop.app.get("/")
    def index():
        pools.append(db.engine.pool)

        @stream_with_context
        def body():
            for number in range(1000):
                db.session.get(shop.User, 1, populate_existing=True)
                yield str(number)

        return body()

    with client_of(shop, protocol) as client:
        response = client.get("/async" if concurrent else "/", buffered=False)
        next(response.iter_encoded())
        assert pools[0].checkedout() == 1
        response.close()
        deadline = time.monotonic() + 30
        while pools[0].checkedout() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert pools[0].checkedout() == 0


@pytest.mark.parametrize("concurrent", [False, True], ids=["sync", "async"])
def test_a_socket_that_waits_holds_no_connection(shop, concurrent):
    db = shop.db

    @shop.app.websocket("/")
    async def talk():
        while True:
            await websocket.receive()
            statement = db.select(shop.User.name).order_by(shop.User.id)
            if concurrent:
                name = await db.async_session.scalar(statement)
                held.append(db.async_engine.pool.checkedout())
                idle.append(db.async_engine.pool.checkedout)
            else:
                name = db.session.scalar(statement)
                held.append(db.engine.pool.checkedout())
                idle.append(db.engine.pool.checkedout)
            await websocket.send(name)

    held, idle = [], []
    with client_of(shop, "asgi") as client, client.websocket("/") as socket:
        for _ in range(2):
            socket.send("?")
            assert socket.receive() == "Ada"
        deadline = time.monotonic() + 30
        while idle[-1]() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (held, idle[-1]()) == ([1, 1], 0)


@pytest.mark.parametrize("block", ["transaction", "begin"])
def test_a_block_that_is_open_keeps_its_connection(small_shop, block):
    db, session = small_shop.db, small_shop.db.session
    with small_shop.app.app_context():
        with db.transaction() if block == "transaction" else session.begin():
            db.session.get(small_shop.User, 1)
            assert (session().release(), small_shop.in_use()) == (False, 1)
        assert session().release()


def delete(db, User):
    db.session.delete(db.session.get(User, 1))


def delete_in_a_savepoint(db, User):
    with db.session.begin_nested():
        delete(db, User)


def update_by_scalars(db, User):
    db.session.scalars(db.update(User).where(User.id == 1).values(name="Eve").returning(User.id)).all()


def update_by_scalar(db, User):
    db.session.scalar(db.update(User).where(User.id == 1).values(name="Eve").returning(User.id))


@pytest.mark.parametrize("change", [delete, delete_in_a_savepoint, update_by_scalars, update_by_scalar])
def test_a_change_that_is_not_committed_keeps_its_connection(small_shop, change):
    db = small_shop.db
    with small_shop.app.app_context():
        change(db, small_shop.User)
        assert (db.session().release(), small_shop.in_use()) == (False, 1)
        db.session.commit()
        assert db.session().release()
    assert "Ada" not in small_shop.names()


def test_inside_a_savepoint_no_connection_is_given_back(small_shop):
    db = small_shop.db
    with small_shop.app.app_context():
        db.session.get(small_shop.User, 1)  # the transaction outside began by itself
        with db.session.begin_nested():
            assert db.session().release() is False
