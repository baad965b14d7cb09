"""Signals about the models that a commit changes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from demijohn.ext.database import before_models_committed, models_committed


@pytest.fixture
def heard(make_shop, sqlite):
    """A shop that tracks changes, and what the two signals said."""
    shop = make_shop(sqlite, SQLALCHEMY_TRACK_MODIFICATIONS=True)
    before, after = [], []

    def note(into):
        return lambda sender, changes: into.append(
            [(target.name, operation) for target, operation in changes]
        )

    with (
        before_models_committed.connected_to(note(before), shop.app),
        models_committed.connected_to(note(after), shop.app),
    ):
        yield shop, before, after


def test_a_commit_tells_what_it_changes(heard):
    shop, before, after = heard
    with shop.app.app_context():
        session = shop.db.session
        ada, bob, _ = session.scalars(shop.db.select(shop.User).order_by(shop.User.id))
        ada.name = "Ann"
        session.delete(bob)
        session.add(shop.User(name="Dee"))
        session.commit()
    changes = [("Ann", "update"), ("Bob", "delete"), ("Dee", "insert")]
    assert [sorted(each) for each in before] == [sorted(each) for each in after] == [sorted(changes)]


def test_a_rollback_forgets(heard):
    shop, before, after = heard
    with shop.app.app_context():
        shop.db.session.add(shop.User(name="Dee"))
        shop.db.session.flush()
        shop.db.session.rollback()
        shop.db.session.commit()
    assert (before, after) == ([], [])


def test_async_commits_tell_as_well(heard, run_async):
    shop, before, after = heard

    async def work():
        shop.db.async_session.add(shop.User(name="Dee"))
        await shop.db.async_session.commit()

    run_async(shop, work)
    assert before == after == [[("Dee", "insert")]]


@pytest.mark.parametrize("concurrent", [False, True], ids=["sync", "async"])
def test_receivers_may_be_async(make_shop, sqlite, concurrent):
    """On the event loop, where a commit cannot wait for one, it runs as a task."""
    shop = make_shop(sqlite, SQLALCHEMY_TRACK_MODIFICATIONS=True)
    heard = threading.Event()

    async def receiver(sender, changes):
        await asyncio.sleep(0)
        heard.set()

    def add():
        shop.db.session.add(shop.User(name="Dee"))
        shop.db.session.commit()
        return ""

    async def async_add():
        shop.db.async_session.add(shop.User(name="Dee"))
        await shop.db.async_session.commit()
        return ""

    shop.app.add_url_rule("/", view_func=async_add if concurrent else add)
    with (
        models_committed.connected_to(receiver, shop.app),
        shop.app.test_client(protocol="asgi", lifespan=True) as client,
    ):
        client.get("/")
        assert heard.wait(30)


def test_nothing_is_sent_unless_it_is_asked_for(small_shop):
    heard = []
    with models_committed.connected_to(lambda sender, changes: heard.append(changes), small_shop.app):
        with small_shop.app.app_context():
            small_shop.db.session.add(small_shop.User(name="Dee"))
            small_shop.db.session.commit()
    assert heard == []
