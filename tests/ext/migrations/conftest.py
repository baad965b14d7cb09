"""An application in a folder of its own, and its `db` commands."""

from __future__ import annotations

import logging
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.support.services import ServiceMissing, database

from demijohn import Flask
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.migrations import Migrate

SERVERS = [
    pytest.param(kind, marks=[pytest.mark.servers, pytest.mark.xdist_group("services")])
    for kind in ("postgresql", "mariadb")
]
KINDS = ["sqlite", *SERVERS]


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """The commands set up logging for the whole process: put back what was there."""
    root = logging.getLogger()
    before = [
        (logger, logger.level, logger.handlers[:], logger.disabled)
        for logger in (
            root,
            *map(
                logging.getLogger,
                ("alembic", "demijohn.ext.migrations", "flask_migrate", "sqlalchemy.engine"),
            ),
        )
    ]
    yield
    for logger, level, handlers, disabled in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.disabled = disabled


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of migrations are made where the test is."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: the test runs once for each."""
    return request.param


@pytest.fixture
def address(kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of a new, empty database."""
    try:
        with database(kind, tmp_path) as url:
            yield url
    except ServiceMissing as missing:
        pytest.skip(str(missing))


class Cellar:
    """An application whose models change between commands, as they do between releases."""

    def __init__(self, address: str, binds: dict[str, str] | None = None, **options: Any) -> None:
        self.address = address
        self.binds = binds or {}
        self.options = options
        self.made: list[tuple[Flask, SQLAlchemy]] = []
        self.with_models()

    def with_models(self, *definitions: Any) -> Cellar:
        """A new application; each definition is a function that gets `db` and defines a model."""
        self.app = Flask("cellar")
        self.app.config.update(
            TESTING=True,
            SQLALCHEMY_DATABASE_URI=self.address,
            SQLALCHEMY_BINDS=self.binds,
            MIGRATE_LOCK_TIMEOUT=20,
        )
        self.db = SQLAlchemy(self.app)
        self.made.append((self.app, self.db))
        for define in definitions:
            define(self.db)
        self.migrate = Migrate(self.app, self.db, **self.options)
        return self

    def run(self, command: str, *, fails: bool = False) -> str:
        """Run `db <command>` and give all it wrote."""
        # As in a process of its own, where what nobody handles is written to the standard error.
        logging.getLogger().handlers.clear()
        result = self.app.test_cli_runner().invoke(args=["db", *command.split()])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert bool(result.exit_code) == fails, result.output
        return result.output

    def tables(self, key: str | None = None) -> set[str]:
        """The tables of a database."""
        with self.app.app_context(), self.db.engines[key].connect() as connection:
            return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}

    def execute(self, statement: str) -> None:
        """Run SQL, committed."""
        with self.app.app_context(), self.db.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def revisions(self, folder: str = "migrations") -> list[str]:
        """The texts of the revisions, oldest first."""
        paths = sorted(Path(folder, "versions").glob("*.py"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_text() for path in paths]

    def close(self) -> None:
        """Close all engines."""
        for app, db in self.made:
            with app.app_context():
                db.dispose()


@pytest.fixture
def make_cellar() -> Iterator[Any]:
    """Makes applications whose engines are closed after the test."""
    made = []

    def make(*args: Any, **kwargs: Any) -> Cellar:
        made.append(Cellar(*args, **kwargs))
        return made[-1]

    yield make
    for cellar in made:
        cellar.close()


@pytest.fixture
def cellar(make_cellar: Any, address: str) -> Cellar:
    """An application on each kind of database."""
    return make_cellar(address)


@pytest.fixture
def small_cellar(make_cellar: Any, tmp_path: Path) -> Cellar:
    """An application on SQLite, for what does not depend on the database."""
    return make_cellar(f"sqlite:///{tmp_path / 'cellar.db'}")


def bottle(db: SQLAlchemy) -> None:
    """A model."""

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(50))


def wide_bottle(db: SQLAlchemy) -> None:
    """The same with another column, and a longer label."""

    class Bottle(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        label = db.Column(db.String(80))
        year = db.Column(db.Integer)


def cork(db: SQLAlchemy) -> None:
    """A model of another database."""

    class Cork(db.Model):
        __bind_key__ = "corks"
        id = db.Column(db.Integer, primary_key=True)


def append(path: str, text: str) -> None:
    """Add lines to a file of the folder."""
    with open(os.path.join("migrations", path), "a") as file:
        file.write(textwrap.dedent(text))
