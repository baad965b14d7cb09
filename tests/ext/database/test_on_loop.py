"""What async code cannot do with a database is said in words that name it: an attribute, a view."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest
import sqlalchemy.exc as sa_exc
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import Mapped, mapped_column, relationship

from demijohn import render_template_string, websocket
from demijohn.ext.database import NotLoaded, SQLAlchemy


@pytest.fixture
def site(make_app, sqlite):
    """An application with a user, her notes and letters."""
    app = make_app(sqlite)
    db = SQLAlchemy(app)

    class User(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        bio: Mapped[str] = mapped_column(default="born", deferred=True)
        notes = relationship("Note", back_populates="owner")
        drafts = relationship("Draft", lazy="dynamic")
        letters = relationship("Letter", lazy="write_only")

    class Note(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
        owner = relationship("User", back_populates="notes")

    class Draft(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    class Letter(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    with app.app_context():
        db.create_all()
        db.session.add_all([User(name="Ada", notes=[Note(), Note()])])
        db.session.commit()
    return SimpleNamespace(app=app, db=db, User=User, Note=Note)


#: What is looked at, what the error names, and what it says to do.
LOOKS = {
    "a relationship": ("user.notes", "User.notes", ["selectinload(User.notes)", "refresh(", "['notes']"]),
    "the other end": ("note.owner", "Note.owner", ["selectinload(Note.owner)", "['owner']"]),
    "a deferred column": ("user.bio", "User.bio", ["undefer(User.bio)", "['bio']"]),
    "a dynamic relationship": ("user.drafts.all()", "User.drafts", ["write_only", "select()"]),
    "its rows": ("user.drafts | list", "User.drafts", ["write_only", "select()"]),
    "its number": ("user.drafts.count()", "User.drafts", ["write_only", "select()"]),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("where", ["view", "template"])
def test_an_attribute_that_is_not_loaded_is_named(look, where, site):
    expression, named, remedies = LOOKS[look]
    db = site.db

    @site.app.get("/")
    async def view():
        names = {}
        if "user" in expression:
            names["user"] = await db.async_session.get(site.User, 1)
        else:
            names["note"] = await db.async_session.get(site.Note, 1)
        if where == "template":
            return render_template_string("{{ " + expression + " }}", **names)
        code = f"list({expression.partition(' |')[0]})" if "|" in expression else expression
        return str(eval(code, names))

    with pytest.raises(NotLoaded) as raised:
        site.app.test_client().get("/")
    gc.collect()  # a coroutine that nobody awaited would be a warning, and an error here
    text = str(raised.value)
    assert named in text
    assert all(remedy in text for remedy in remedies), text
    assert "docs/database.md" in text or "Databases" in text
    assert isinstance(raised.value, sa_exc.MissingGreenlet)


def test_an_attribute_that_has_expired_is_named(site):
    db = site.db

    @site.app.get("/")
    async def view():
        user = await db.async_session.get(site.User, 1)
        await db.async_session.rollback()
        return user.name

    with pytest.raises(NotLoaded, match=r"User\.name has expired.*refresh\(.*\['name'\]"):
        site.app.test_client().get("/")


def test_the_remedies_are_remedies(site):
    db, User = site.db, site.User

    @site.app.get("/")
    async def view():
        asked = db.select(User).options(db.selectinload(User.notes), db.undefer(User.bio))
        user = (await db.async_session.scalars(asked)).one()
        await db.async_session.rollback()
        await db.async_session.refresh(user, ["name", "notes", "bio"])
        letters = (await db.async_session.scalars(user.letters.select())).all()
        return f"{user.name} {len(user.notes)} {user.bio} {len(letters)}"

    assert site.app.test_client().get("/").text == "Ada 2 born 0"


def test_a_session_goes_on_after_the_error(site):
    db, User = site.db, site.User

    @site.app.get("/")
    async def view():
        user = await db.async_session.get(User, 1)
        with pytest.raises(NotLoaded):
            _ = user.notes
        await db.async_session.refresh(user, ["notes"])
        return str(len(user.notes))

    assert site.app.test_client().get("/").text == "2"


def test_a_statement_of_the_sync_face_says_to_await_the_session(site):
    db, User = site.db, site.User

    @site.app.get("/")
    async def view():
        return str(db.async_session().sync_session.scalars(db.select(User)).all())

    with pytest.raises(NotLoaded, match=r"await db\.async_session"):
        site.app.test_client().get("/")


# A sync session in async code.

#: What a view does with the database, on the loop.
USES = {
    "session": "db.session.get(site.User, 1)",
    "query": "site.User.query.all()",
    "get_or_404": "db.get_or_404(site.User, 1)",
    "first_or_404": "db.first_or_404(db.select(site.User))",
    "paginate": "db.paginate(db.select(site.User))",
    "flush": "(db.session.add(site.User(name='Bob')), db.session.commit())",
    "lazy": "db.session.get(site.User, 1).notes",
    "template": "render_template_string('{{ user.notes }}', user=db.session.get(site.User, 1))",
    "engine": "db.engine.connect().close() or db.session.connection().execute(db.text('SELECT 1'))",
}


def lines(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if "event loop" in record.getMessage()]


@pytest.mark.parametrize("use", USES)
def test_an_async_view_that_waits_for_a_sync_session_is_named_once(use, site, caplog):
    db, app = site.db, site.app
    app.debug = True

    @app.get("/", endpoint="list_users")
    async def view():
        return str(
            eval(USES[use], {"db": db, "site": site, "render_template_string": render_template_string})
        )

    @app.get("/other")
    async def other():
        return str(db.session.get(site.User, 1))

    client = app.test_client()
    assert client.get("/").status_code == 200
    assert client.get("/").status_code == 200
    [line] = lines(caplog)
    assert "view 'list_users'" in line
    assert "db.async_session" in line
    client.get("/other")
    assert len(lines(caplog)) == 2
    assert "view 'other'" in lines(caplog)[1]
    assert "test_on_loop.py:" in lines(caplog)[1]


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_the_same_under_async_servers(protocol, site, caplog):
    db, app = site.db, site.app
    app.debug = True

    @app.get("/")
    async def view():
        return str(db.session.get(site.User, 1))

    assert app.test_client(protocol=protocol).get("/").status_code == 200
    assert ["view 'view'" in line for line in lines(caplog)] == [True]


def test_an_async_hook_is_named_once(site, caplog):
    db, app = site.db, site.app
    app.debug = True

    @app.before_request
    async def look_around():
        db.session.get(site.User, 1)

    @app.get("/")
    def view():
        return "a"

    @app.get("/other")
    async def other():
        return "b"

    client = app.test_client()
    for path in ("/", "/other"):
        assert client.get(path).status_code == 200
    [line] = lines(caplog)
    assert "look_around" in line


def test_an_async_socket_is_named(site, caplog):
    db, app = site.db, site.app
    app.debug = True

    @app.websocket("/")
    async def talk():
        await websocket.send(str(db.session.get(site.User, 1)))

    with app.test_client(protocol="asgi").websocket("/") as ws:
        assert ws.receive()
    assert ["view 'talk'" in line for line in lines(caplog)] == [True]


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize("debug", [True, False])
def test_nobody_is_named_who_does_not_hold_up_the_loop(debug, protocol, site, caplog):
    """A sync view, an async session; and without debug mode nothing is looked for."""
    db, app = site.db, site.app
    app.debug = debug

    @app.get("/sync")
    def sync():
        return str(db.session.get(site.User, 1))

    @app.get("/async")
    async def view():
        if not debug:
            db.session.get(site.User, 1)
        return str(await db.async_session.get(site.User, 1))

    @app.before_request
    def before():
        db.session.get(site.User, 1)

    with app.test_client(protocol=protocol, lifespan=protocol != "wsgi") as client:
        assert [client.get(path).status_code for path in ("/sync", "/async")] == [200, 200]
    assert lines(caplog) == []
    if not debug:
        with app.app_context():
            # What listens to every engine of the process, as tracing does, is not ours.
            assert db.engine._has_events == create_engine("sqlite://")._has_events
