"""The settings, the command, and the database of an application."""

from __future__ import annotations

import gc
import time
import weakref

import pytest
import sqlalchemy as sa

from demijohn import Flask, session
from demijohn.ext.database import SQLAlchemy
from demijohn.sessions.server_side import MemoryStore, RedisStore, Session, SQLStore


def an_app(**settings):
    app = Flask(__name__)
    app.testing = True
    app.config.update(settings)

    @app.get("/set/<value>")
    def put(value):
        session["a"] = value
        return str(session.permanent)

    @app.get("/get")
    def get():
        return str(session.get("a"))

    return app


def test_the_type_of_store_is_a_setting(shared_redis):
    app = an_app(SESSION_TYPE="memory")
    Session(app)
    assert isinstance(app.session_interface.store, MemoryStore)
    app = an_app(SESSION_TYPE="redis", SESSION_REDIS=shared_redis.url, SESSION_KEY_PREFIX="mine:")
    extension = Session()
    extension.init_app(app)
    assert isinstance(app.session_interface.store, RedisStore)
    client = app.test_client()
    client.get("/set/1")
    assert client.get("/get").text == "1"
    assert app.session_interface.store.client.keys("mine:*")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SESSION_TYPE", "filesystem"),
        ("SESSION_TYPE", None),
        ("SESSION_SERIALIZATION_FORMAT", "pickle"),
        ("SESSION_WHEN_UNAVAILABLE", "ignore"),
    ],
)
def test_a_setting_that_is_not_known_is_refused_by_name(setting, value):
    app = an_app(**{"SESSION_TYPE": "memory", setting: value})
    with pytest.raises(ValueError, match=setting):
        Session(app)


def test_new_sessions_are_permanent_when_so_set():
    app = an_app(SESSION_TYPE="memory", SESSION_PERMANENT=True)
    Session(app)
    client = app.test_client()
    assert "Expires" in client.get("/set/1").headers["Set-Cookie"]
    assert client.get("/set/2").text == "True"


def test_no_secret_key_is_needed():
    app = an_app(SESSION_TYPE="memory")
    Session(app)
    assert app.secret_key is None
    assert app.test_client().get("/set/1").status_code == 200


@pytest.fixture
def with_database(tmp_path):
    app = an_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'app.db'}", SESSION_TYPE="sqlalchemy")
    db = SQLAlchemy(app)
    app.config["SESSION_SQLALCHEMY"] = db
    Session(app)
    yield app, db
    with app.app_context():
        db.dispose()


def test_sessions_live_in_the_applications_database(with_database):
    app, db = with_database
    with app.app_context():
        db.create_all()
    client = app.test_client()
    client.get("/set/1")
    assert client.get("/get").text == "1"
    assert "sessions" in db.metadata.tables


def test_a_missing_table_is_explained(with_database):
    app, _ = with_database
    with pytest.raises(RuntimeError, match=r"'sessions' for sessions does not exist.*create_all"):
        app.test_client().get("/set/1")


def test_the_transaction_of_the_view_is_left_alone(with_database):
    """The session is saved, and what the view did not commit is not."""
    app, db = with_database
    with app.app_context():
        db.create_all()
        db.session.execute(db.text("CREATE TABLE things (id INTEGER)"))
        db.session.commit()

    @app.get("/both")
    def both():
        session["a"] = "kept"
        db.session.execute(db.text("SELECT * FROM things")).all()
        return ""

    client = app.test_client()
    client.get("/both")
    assert client.get("/get").text == "kept"
    with app.app_context():
        assert app.session_interface.store.engine.pool is not db.engine.pool


def test_the_sessions_table_may_be_in_another_database(tmp_path):
    app = an_app(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'app.db'}",
        SQLALCHEMY_BINDS={"people": f"sqlite:///{tmp_path / 'people.db'}"},
        SESSION_TYPE="sqlalchemy",
        SESSION_SQLALCHEMY_BIND_KEY="people",
        SESSION_SQLALCHEMY_TABLE="logins",
    )
    app.config["SESSION_SQLALCHEMY"] = db = SQLAlchemy(app)
    Session(app)
    with app.app_context():
        db.create_all()
        assert db.inspect(db.engines["people"]).has_table("logins")
        assert not db.inspect(db.engine).has_table("logins")
    client = app.test_client()
    client.get("/set/1")
    assert client.get("/get").text == "1"
    with app.app_context():
        db.dispose()


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_the_connections_of_its_sessions_are_closed_when_the_server_stops(with_database, protocol):
    app, db = with_database
    with app.app_context():
        db.create_all()
    with app.test_client(protocol=protocol, lifespan=True) as client:
        client.get("/set/1")
        pool = app.session_interface.store.engine.pool
        assert pool.checkedin() == 1
    assert pool.checkedin() == 0


def test_those_of_a_store_that_nobody_closed_are_not_left_to_the_garbage_collector(with_database):
    app, db = with_database
    store = SQLStore(db)
    with app.app_context():
        db.create_all()
        store.create("a", b"{}", 60)
    pool, gone = store.engine.pool, weakref.ref(store)
    assert pool.checkedin() == 1
    del store
    gc.collect()
    assert gone() is None
    assert pool.checkedin() == 0


def test_an_engine_that_was_given_stays_open(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'own.db'}")
    store = SQLStore(engine)
    store.create_table()
    store.close()
    assert engine.pool.checkedin() == 1
    engine.dispose()


def test_a_database_in_memory_is_refused():
    app = an_app(SQLALCHEMY_DATABASE_URI="sqlite://", SESSION_TYPE="sqlalchemy")
    app.config["SESSION_SQLALCHEMY"] = db = SQLAlchemy(app)
    Session(app)
    with pytest.raises(ValueError, match="name a file"):
        app.test_client().get("/set/1")
    with app.app_context():
        db.dispose()


def test_a_database_that_is_gone_is_a_503(with_database, tmp_path):
    app, db = with_database
    with app.app_context():
        db.create_all()
    client = app.test_client()
    client.get("/set/1")
    app.session_interface.store.engine.dispose()
    for file in tmp_path.glob("app.db*"):
        file.unlink()
    (tmp_path / "app.db").mkdir()
    assert client.get("/get").status_code == 503


def test_the_command_clears_out_what_has_expired(with_database):
    app, db = with_database
    with app.app_context():
        db.create_all()
        store: SQLStore = app.session_interface.store
        store.create("old", b"{}", -1)
        store.create("new", b"{}", 60)
    result = app.test_cli_runner().invoke(args=["session_cleanup"])
    assert result.exit_code == 0, result.output
    assert "1 expired" in result.output
    with app.app_context():
        assert store.get("new") is not None


def test_the_memory_store_sweeps_by_itself():
    store = MemoryStore()
    for number in range(255):
        store.create(str(number), b"", 0)
    time.sleep(0.001)
    store.create("last", b"", 60)
    assert len(store) == 1
