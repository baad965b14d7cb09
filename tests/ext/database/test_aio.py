"""Async sessions over the same models, on every kind of database."""

from __future__ import annotations

import asyncio
import threading

import pytest
from werkzeug.exceptions import NotFound

from demijohn.ext.database import SQLAlchemy
from demijohn.signals import appcontext_tearing_down


def test_rows_are_read_and_written(shop, run_async):
    db, User = shop.db, shop.User

    async def work():
        db.async_session.add(User(name="Dee"))
        await db.async_session.commit()
        return [user.name for user in await db.async_session.scalars(db.select(User).order_by(User.id))]

    assert run_async(shop, work) == ["Ada", "Bob", "Cyd", "Dee"]
    assert shop.names()[-1] == "Dee"


def test_objects_stay_loaded_after_a_commit(shop, run_async):
    db, User = shop.db, shop.User

    async def work():
        ada = await db.async_session.get(User, 1)
        async with db.transaction() as session:
            session.add(dee := User(name="Dee"))
        return ada.name, dee.name, dee.id

    assert run_async(shop, work) == ("Ada", "Dee", 4)


def test_an_application_may_have_its_objects_expire(make_app, sqlite):
    db = SQLAlchemy(make_app(sqlite), session_options={"expire_on_commit": True})
    assert db.async_session.session_factory.kw["expire_on_commit"] is True


def test_helpers_answer_404(shop, run_async):
    session, select, User = shop.db.async_session, shop.db.select, shop.User

    async def work():
        found = [
            (await session.get_or_404(User, 1)).name,
            (await session.first_or_404(select(User).order_by(User.name.desc()))).name,
            (await session.one_or_404(select(User).filter_by(name="Bob"))).name,
        ]
        for ask in (
            session.get_or_404(User, 9),
            session.get_or_404(User, 10**20),
            session.first_or_404(select(User).filter_by(name="Zoe")),
            session.one_or_404(select(User)),
        ):
            with pytest.raises(NotFound):
                await ask
        return found

    assert run_async(shop, work) == ["Ada", "Cyd", "Bob"]


def test_pages(shop, run_async):
    session, User = shop.db.async_session, shop.User

    async def work():
        page = await session.paginate(shop.db.select(User).order_by(User.id), per_page=2)
        following = await page.next()
        back = await following.prev()
        with pytest.raises(NotFound):
            await following.next(error_out=True)
        return [[user.name for user in each] for each in (page, following, back)], following.total

    assert run_async(shop, work) == ([["Ada", "Bob"], ["Cyd"], ["Ada", "Bob"]], 3)


def test_the_session_itself_is_a_context_manager(shop, run_async):
    async def work():
        async with shop.db.async_session() as session:
            return await session.scalar(shop.db.select(shop.User.name).order_by(shop.User.id))

    assert run_async(shop, work) == "Ada"


def test_a_view_gives_its_connection_back(shop):
    db, held = shop.db, []

    @shop.app.get("/")
    async def index():
        users = await db.async_session.scalars(db.select(shop.User).order_by(shop.User.id))
        names = [user.name for user in users]
        held.append(db.async_engine.pool.checkedout())
        return names

    @shop.app.get("/held")
    async def now_held():
        return str(db.async_engine.pool.checkedout())

    with shop.app.test_client(protocol="asgi", lifespan=True) as client:
        assert client.get("/").json == ["Ada", "Bob", "Cyd"]
        assert (held, client.get("/held").text) == ([1], "0")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_sync_and_async_views_of_one_application(small_shop, protocol):
    db, User = small_shop.db, small_shop.User

    @small_shop.app.post("/<name>")
    def add(name):
        with db.transaction():
            db.session.add(User(name=name))
        return ""

    @small_shop.app.get("/")
    async def index():
        return [user.name for user in await db.async_session.scalars(db.select(User).order_by(User.id))]

    with small_shop.app.test_client(protocol=protocol, lifespan=protocol != "wsgi") as client:
        client.post("/Dee")
        assert client.get("/").json == ["Ada", "Bob", "Cyd", "Dee"]


def test_concurrent_requests_have_sessions_of_their_own(shop):
    db, seen = shop.db, []

    @shop.app.get("/<int:number>")
    async def view(number):
        session = db.async_session()
        seen.append(session)
        found = await session.scalar(db.select(db.literal(number)))
        await asyncio.sleep(0.01)
        assert db.async_session() is session
        return str(found)

    async def all_at_once():
        client = shop.app.async_test_client()
        try:
            return [
                each.text for each in await asyncio.gather(*(client.get(f"/{number}") for number in range(8)))
            ]
        finally:
            with shop.app.app_context():
                await db.dispose()

    assert asyncio.run(all_at_once()) == [str(number) for number in range(8)]
    assert len({id(session) for session in seen}) == 8


def test_a_database_in_memory_is_the_same_one(make_shop, run_async):
    shop = make_shop("sqlite://")

    async def work():
        shop.db.async_session.add(shop.User(name="Dee"))
        await shop.db.async_session.commit()
        return (await shop.db.async_session.scalars(shop.db.select(shop.User.name))).all()

    assert len(run_async(shop, work)) == 4
    assert shop.names()[-1] == "Dee"


def test_binds_have_async_engines_too(make_app, tmp_path, run_async):
    from tests.ext.database.conftest import Shop

    from demijohn.ext.database import SQLAlchemy

    app = make_app(SQLALCHEMY_BINDS={"log": f"sqlite:///{tmp_path / 'log.db'}"})
    db = SQLAlchemy(app)

    class Line(db.Model):
        __bind_key__ = "log"
        id = db.Column(db.Integer, primary_key=True)

    async def work():
        db.create_all()
        db.async_session.add(Line())
        await db.async_session.commit()
        return db.async_session.get_bind(Line), db.async_engines["log"].sync_engine

    bind, engine = run_async(Shop(app, db, Line), work)
    assert bind is engine


def test_without_a_running_loop_the_message_says_what_to_use(small_shop):
    with small_shop.app.app_context(), pytest.raises(RuntimeError, match=r"Use db\.session"):
        small_shop.db.async_engine  # noqa: B018


def test_each_loop_has_an_engine_of_its_own(small_shop, run_async):
    async def engine():
        await small_shop.db.async_session.execute(small_shop.db.text("SELECT 1"))
        return small_shop.db.async_engine

    assert run_async(small_shop, engine) is not run_async(small_shop, engine)


def test_the_engine_is_closed_when_the_server_stops(small_shop):
    engines = []

    @small_shop.app.get("/")
    async def index():
        await small_shop.db.async_session.execute(small_shop.db.text("SELECT 1"))
        engines.append(small_shop.db.async_engine)
        return ""

    with small_shop.app.test_client(protocol="asgi", lifespan=True) as client:
        client.get("/")
        assert engines[0].pool.checkedin() == 1
    assert engines[0].pool.checkedin() == 0


def test_an_async_request_stays_on_the_loop(small_shop):
    """Dropping the sessions does not block, so the request does not take a thread for it."""
    threads = []

    @small_shop.app.get("/")
    async def index():
        threads.append(threading.current_thread())
        return await small_shop.db.async_session.scalar(small_shop.db.select(small_shop.User.name))

    def note(sender, exc):
        threads.append(threading.current_thread())

    with (
        appcontext_tearing_down.connected_to(note, small_shop.app),
        small_shop.app.test_client(protocol="asgi", lifespan=True) as client,
    ):
        assert client.get("/").text == "Ada"
        assert threads[0] is threads[1]


def test_a_context_that_is_left_in_async_code_gives_its_connection_back(shop):
    """Its teardown is not awaited there, so the session is closed as soon as the loop goes on."""

    async def work():
        with shop.app.app_context():
            await shop.db.async_session.scalar(shop.db.select(shop.User.name))
            pool = shop.db.async_engine.pool
            held = pool.checkedout()
        for _ in range(200):
            if not pool.checkedout():
                break
            await asyncio.sleep(0.01)
        with shop.app.app_context():
            await shop.db.dispose()
        return held, pool.checkedout()

    assert asyncio.run(work()) == (1, 0)
