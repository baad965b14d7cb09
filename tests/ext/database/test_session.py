"""The session of a context: whose it is, and how long it lives."""

from __future__ import annotations

import gc
import threading

import pytest

from demijohn.ext.database import Session, SQLAlchemy
from demijohn.ext.database.session import _app_ctx_id


def test_there_is_no_session_outside_of_a_context(small_shop):
    with pytest.raises(RuntimeError, match="application context"):
        small_shop.db.session()


def test_an_application_that_was_not_registered_is_told_so(make_app):
    db = SQLAlchemy()
    with make_app().app_context(), pytest.raises(RuntimeError, match="init_app"):
        db.engine  # noqa: B018


def test_a_second_object_for_an_application_is_refused(small_shop):
    with pytest.raises(RuntimeError, match="already been registered"):
        SQLAlchemy(small_shop.app)


def test_a_context_has_one_session_and_the_next_another(small_shop):
    with small_shop.app.app_context():
        first = small_shop.db.session()
        assert small_shop.db.session() is first
    with small_shop.app.app_context():
        assert small_shop.db.session() is not first


def test_a_request_inside_an_application_context_shares_its_session(small_shop):
    seen = []
    small_shop.app.add_url_rule("/", view_func=lambda: seen.append(small_shop.db.session()) or "")
    with small_shop.app.app_context():
        outer = small_shop.db.session()
        small_shop.app.test_client().get("/")
        assert seen == [outer]


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_request_gives_its_connection_back(shop, protocol):
    held = []

    @shop.app.get("/")
    def index():
        names = [user.name for user in shop.db.session.scalars(shop.db.select(shop.User))]
        held.append(shop.in_use())
        return names

    assert shop.app.test_client(protocol=protocol).get("/").json == ["Ada", "Bob", "Cyd"]
    assert (held, shop.in_use()) == ([1], 0)


def test_what_a_request_did_not_commit_is_not_there(shop):
    @shop.app.get("/")
    def index():
        shop.db.session.add(shop.User(name="Dee"))
        shop.db.session.flush()
        return ""

    shop.app.test_client().get("/")
    assert shop.names() == ["Ada", "Bob", "Cyd"]


def test_a_request_that_fails_gives_its_connection_back(shop):
    @shop.app.get("/")
    def index():
        shop.db.session.add(shop.User(name="Ada"))  # the name is taken
        shop.db.session.flush()

    shop.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert shop.app.test_client().get("/").status_code == 500
    assert shop.in_use() == 0


def test_a_session_left_behind_never_appears_in_another_context(small_shop):
    """Its registry goes by the context, not by the context's address, which is used again."""
    db = small_shop.db
    ctx = small_shop.app.app_context()
    ctx.push()
    db.session().info["of"] = "the first"
    ctx._tokens[0].var.reset(ctx._tokens.pop())  # gone without its teardown
    del ctx
    gc.collect()
    for _ in range(50):
        with small_shop.app.app_context():
            assert "of" not in db.session().info


def test_case_71_concurrent_requests_have_sessions_of_their_own(shop):
    """Twelve requests are inside their views at once; no two see the same session."""
    together, seen = threading.Barrier(12), []

    @shop.app.get("/<int:number>")
    def view(number):
        session = shop.db.session()
        assert "number" not in session.info
        session.info["number"] = number
        together.wait(20)
        seen.append(session)
        return str(shop.db.session.info["number"])

    shop.app.config["SQLALCHEMY_POOL_SIZE"] = 12
    answers = {}

    def ask(number):
        answers[number] = shop.app.test_client().get(f"/{number}").text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(number) for number in range(12)}
    assert len({id(session) for session in seen}) == 12


def test_the_session_class_and_its_options_can_be_chosen(make_app):
    class Own(Session):
        pass

    app = make_app()
    db = SQLAlchemy(app, session_options={"class_": Own, "autoflush": False})
    with app.app_context():
        assert (isinstance(db.session(), Own), db.session().autoflush) == (True, False)


def test_the_scope_can_be_chosen(make_app):
    app = make_app()
    db = SQLAlchemy(app, session_options={"scopefunc": lambda: "one for all"})
    with app.app_context():
        first = db.session()
        with app.app_context():
            assert db.session() is first
        db.session.remove()


def test_the_identity_of_a_context_is_that_of_its_scope(small_shop):
    with small_shop.app.app_context():
        outer = _app_ctx_id()
        with small_shop.app.test_request_context():
            assert _app_ctx_id() == outer


def test_one_object_serves_two_applications(make_app, tmp_path):
    db = SQLAlchemy()

    class User(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    counts = []
    for name in "ab":
        app = make_app(f"sqlite:///{tmp_path / name}.db")
        db.init_app(app)
        with app.app_context():
            db.create_all()
            db.session.add(User())
            db.session.commit()
            counts.append(db.session.query(User).count())
    assert counts == [1, 1]
