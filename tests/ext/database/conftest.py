"""An application with a database of each kind, and the models most tests use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.orm import Mapped, mapped_column
from tests.support.services import ServiceMissing, database

from demijohn import Flask
from demijohn.ext.database import SQLAlchemy

SERVERS = [
    pytest.param(kind, marks=[pytest.mark.servers, pytest.mark.xdist_group("services")])
    for kind in ("postgresql", "mariadb")
]
KINDS = ["sqlite", *SERVERS]


@dataclass
class Shop:
    """An application, its database, and a model of a table with rows "Ada", "Bob" and "Cyd"."""

    app: Flask
    db: SQLAlchemy
    User: Any

    def in_use(self) -> int:
        """Connections of the sync pool that are checked out."""
        with self.app.app_context():
            return self.db.engine.pool.checkedout()

    def names(self) -> list[str]:
        """What another connection sees."""
        with self.app.app_context(), self.db.engine.connect() as connection:
            return list(connection.scalars(self.db.select(self.User.name).order_by(self.User.id)))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: the test runs once for each."""
    return request.param


@pytest.fixture
def address(kind: str, tmp_path: Any) -> Iterator[str]:
    """The address of a new, empty database."""
    try:
        with database(kind, tmp_path) as url:
            yield url
    except ServiceMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def sqlite(tmp_path: Any) -> str:
    """The address of a new SQLite file."""
    return f"sqlite:///{tmp_path / 'own.db'}"


@pytest.fixture
def make_app(tmp_path: Any) -> Iterator[Any]:
    """Makes applications whose engines are closed after the test."""
    made: list[Flask] = []

    def make(address: str | None = "sqlite://", **settings: Any) -> Flask:
        app = Flask("shop", instance_path=str(tmp_path / "instance"))
        app.config.update(TESTING=True, SECRET_KEY="a secret for tests, long enough", **settings)
        if address is not None:
            app.config["SQLALCHEMY_DATABASE_URI"] = address
        made.append(app)
        return app

    yield make
    for app in made:
        db = app.extensions.get("sqlalchemy")
        if db is not None:
            with app.app_context():
                db.dispose()


@pytest.fixture
def make_shop(make_app: Any) -> Any:
    """Makes an application with three users in its database."""

    def make(address: str, **settings: Any) -> Shop:
        app = make_app(address, **settings)
        db = SQLAlchemy(app)

        class User(db.Model):
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(db.String(50), unique=True)

        with app.app_context():
            db.create_all()
            db.session.add_all([User(name=name) for name in ("Ada", "Bob", "Cyd")])
            db.session.commit()
        return Shop(app, db, User)

    return make


@pytest.fixture
def shop(make_shop: Any, address: str) -> Shop:
    """An application with three users, on each kind of database."""
    return make_shop(address)


@pytest.fixture
def small_shop(make_shop: Any, sqlite: str) -> Shop:
    """The same on SQLite only, for what does not depend on the database."""
    return make_shop(sqlite)


@pytest.fixture
def run_async() -> Any:
    """Runs a coroutine function inside an application context on a loop of its own, whose engines are closed after."""

    def run(shop: Shop, function: Any) -> Any:
        async def work() -> Any:
            ctx = shop.app.app_context()
            ctx.push()
            try:
                return await function()
            finally:
                await shop.db.async_session.remove()
                for engine in shop.db.async_engines.values():
                    await engine.dispose()
                ctx.pop()

        return asyncio.run(work())

    return run
