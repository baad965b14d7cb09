"""Tasks that are sent when the database commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import Context
from typing import Any

import pytest
from tests.ext.tasks.brokers import eventually

from demijohn import Flask
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.tasks import Tasks, TasksUnavailable, app_task


@pytest.fixture
def db(app: Flask, tasks: Tasks) -> Iterator[SQLAlchemy]:
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    with app.app_context():
        yield db


@pytest.fixture
def ran() -> list[Any]:
    return []


@pytest.fixture
def note(ran: list[Any]) -> Any:
    @app_task
    def note(value: Any) -> None:
        ran.append(value)

    return note


def settled(tasks: Tasks) -> bool:
    return bool(eventually(lambda: not tasks.celery.engine._open, 5))


def test_it_is_sent_by_the_commit(db: SQLAlchemy, tasks: Tasks, note: Any, ran: list[Any]) -> None:
    job = note.delay_on_commit(1)
    assert (job.state, ran) == ("PENDING", [])
    db.session.commit()
    job.get(timeout=5)
    assert ran == [1]
    db.session.commit()
    assert settled(tasks)
    assert ran == [1]


def test_where_the_broker_is_away_those_that_are_not_tried_are_named(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.config |= {"SQLALCHEMY_DATABASE_URI": "sqlite://", "TASKS_BROKER": "redis://127.0.0.1:1/0"}
    tasks, db = Tasks(app), SQLAlchemy(app)

    @app_task(name="shop.first")
    def first() -> None: ...

    @app_task(name="shop.second")
    def second() -> None: ...

    with app.app_context():
        first.delay_on_commit()
        second.delay_on_commit()
        with pytest.raises(TasksUnavailable, match="first"):
            db.session.commit()
        db.session.commit()  # the session goes on, and nothing waits in it
    assert "shop.second" in caplog.text
    tasks.celery.close()


def test_a_rollback_drops_it(db: SQLAlchemy, tasks: Tasks, note: Any, ran: list[Any]) -> None:
    db.session.execute(db.text("select 1"))
    note.delay_on_commit(1)
    db.session.rollback()
    db.session.commit()
    assert settled(tasks)
    assert ran == []


def test_a_savepoint_that_is_undone_drops_its_own_only(
    db: SQLAlchemy, tasks: Tasks, note: Any, ran: list[Any]
) -> None:
    note.delay_on_commit("outer")
    inner = db.session.begin_nested()
    note.delay_on_commit("undone")
    inner.rollback()
    with db.session.begin_nested():
        note.delay_on_commit("kept")
        with db.session.begin_nested():
            note.delay_on_commit("deeper")
    assert (settled(tasks), ran) == (True, [])
    db.session.commit()
    assert settled(tasks)
    assert sorted(ran) == ["deeper", "kept", "outer"]


def test_a_savepoint_that_was_kept_goes_with_what_is_around_it(
    db: SQLAlchemy, tasks: Tasks, note: Any, ran: list[Any]
) -> None:
    with db.session.begin_nested():
        note.delay_on_commit(1)
    db.session.rollback()
    db.session.commit()
    assert settled(tasks)
    assert ran == []


def test_a_request_that_ends_without_a_commit_sends_nothing(
    app: Flask, db: SQLAlchemy, tasks: Tasks, note: Any, ran: list[Any]
) -> None:
    @app.get("/<int:commit>")
    def index(commit: int) -> str:
        note.delay_on_commit(commit)
        if commit:
            db.session.commit()
        return ""

    client = app.test_client()
    for commit in (0, 1):  # outside of the context of here, whose session it would be
        Context().run(client.get, f"/{commit}")
    assert settled(tasks)
    assert ran == [1]


def test_what_becomes_of_the_arguments_until_then_changes_nothing(
    db: SQLAlchemy, tasks: Tasks, note: Any, ran: list[Any]
) -> None:
    given = {"a": [1]}
    note.delay_on_commit(given)
    given["a"].append(2)
    db.session.commit()
    assert settled(tasks)
    assert ran == [{"a": [1]}]


def test_what_cannot_be_sent_is_refused_when_it_is_asked_for(db: SQLAlchemy, note: Any) -> None:
    with pytest.raises(TypeError, match="the argument value"):
        note.delay_on_commit(object())


def test_an_async_session_sends_by_its_commit(
    app: Flask, tasks: Tasks, note: Any, ran: list[Any], tmp_path: Any
) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'a.db'}"
    db = SQLAlchemy(app)

    @app.get("/")
    async def index() -> str:
        await db.async_session.execute(db.text("select 1"))
        note.delay_on_commit("async")
        await db.async_session.commit()
        return ""

    with app.test_client(protocol="asgi") as client:
        assert client.get("/").status_code == 200
    assert settled(tasks)
    assert ran == ["async"]


def test_without_a_database_it_is_refused(app: Flask, tasks: Tasks, note: Any) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match=r"delay\(\)"):
        note.delay_on_commit(1)
