"""A cellar of its own for every test, with its sample bottles, and visitors who fill in its forms.

Tests run on SQLite; a module that says `pytestmark = ON_BOTH` runs on PostgreSQL as well.
"""

from __future__ import annotations

import re
import secrets
import shutil
import struct
import sys
import zlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.support import services

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "examples" / "cellar"))

from cellar import create_app  # noqa: E402
from cellar.store import people  # noqa: E402
from cellar.store.database import db  # noqa: E402

KEY = "only for tests 0123456789abcdef0123456789"
PASSWORD = "correct horse battery"


def png(side: int = 8) -> bytes:
    """A real PNG of red dots."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x8c\x20\x44" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = png()
# Heads of pictures of 8 by 8 dots, which say what they are and how large.
JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    b"\xff\xc0\0\x11\x08\0\x08\0\x08\3\1\x11\0\2\x11\0\3\x11\0\xff\xd9"
)
WEBP = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0" * 4 + b"\7\0\0" * 2
CLEO = 3  # her number: the two of the samples come first

POSTGRESQL = pytest.param(
    "postgresql", marks=[pytest.mark.servers, pytest.mark.xdist_group("services")], id="postgresql"
)
ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", POSTGRESQL])

BOTTLE = {
    "name": "Haut Plateau",
    "producer": "Domaine Test",
    "vintage": "2019",
    "colour": "white",
    "region": "Jura",
    "country": "France",
    "grapes": "Savagnin",
    "price": "31,50",
    "drink_from": "2024",
    "drink_until": "2035",
    "story": "Found by accident.",
    "rack": "2",
    "count": "2",
}
#: The same as a program sends it, to the first version.
TYPED = {
    **BOTTLE,
    "vintage": 2019,
    "price": 31.5,
    "drink_from": 2024,
    "drink_until": 2035,
    "rack": 2,
    "count": 2,
}


class Visitor:
    """Somebody with a browser: keeps cookies, and sends each form with the token of the page it stood on."""

    def __init__(self, client):
        self.client = client
        self.get = client.get

    def token(self):
        page = self.client.get("/auth/sign-in").text
        return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def post(self, path, data=None, **more):
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **more)

    def sign_up(self, name="Emil", password=PASSWORD, **more):
        answer = self.post("/auth/sign-up", {"name": name, "password": password, **more})
        assert answer.status_code == 302, answer.text
        return self

    def stock(self, bottle_id):
        return self.client.get(f"/api/bottles/{bottle_id}").json["stock"]


def errors_in(page):
    """The messages at the fields of a page's form, by field."""
    return dict(re.findall(r'id="([a-z_]+)-errors" class="wrong"><li>([^<]+)<', page))


def close(app):
    """Close what an application holds open of its database."""
    with app.app_context():
        db.dispose()


def fill(folder, url):
    """Set a cellar up, in which Cleo has an account."""
    app = create_app({"TESTING": True, "SECRET_KEY": KEY, "DATA_FOLDER": folder, "DATABASE_URL": url})
    result = app.test_cli_runner().invoke(args=["cellar", "set-up"])
    assert result.exit_code == 0, result.output
    with app.app_context():
        assert people.join("Cleo", PASSWORD).id == CLEO
    close(app)


class Outside:
    """The database, seen from outside of the application."""

    def __init__(self, url):
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)

    def run(self, statement, **values):
        """Run SQL; returns the rows, if it has any."""
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return result.all() if result.returns_rows else []

    def everything(self):
        """All rows of all tables."""
        metadata = sa.MetaData()
        metadata.reflect(self.engine)
        with self.engine.connect() as connection:
            return {
                name: sorted(map(repr, connection.execute(sa.select(table))))
                for name, table in metadata.tables.items()
            }

    def tables(self):
        return set(sa.inspect(self.engine).get_table_names())


@pytest.fixture
def kind():
    """The kind of database; `ON_BOTH` says otherwise."""
    return "sqlite"


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A data folder as `cellar set-up` leaves it, for SQLite."""
    folder = tmp_path_factory.mktemp("cellar")
    fill(folder, None)
    return folder


@pytest.fixture(scope="session")
def filled_on_postgresql(tmp_path_factory):
    """The same as a database that others are copied from; gives its URL."""
    server = sa.create_engine(
        services.service("postgresql"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    name = f"cellar_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = server.url.set(database=name)
    fill(tmp_path_factory.mktemp("cellar"), url.render_as_string(hide_password=False))
    yield url
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def folder(request, kind, tmp_path):
    """The data folder of this test's cellar."""
    if kind == "sqlite":
        shutil.copytree(request.getfixturevalue("filled"), tmp_path / "data")
    else:
        (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def address(request, kind, folder):
    """The address of this test's own filled database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'cellar.db'}"
        return
    filled = request.getfixturevalue("filled_on_postgresql")
    server = sa.create_engine(
        services.service("postgresql"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    name = f"cellar_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {filled.database}")
    yield filled.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def make_app(folder, address):
    """Makes applications on this test's cellar, or on another folder's."""
    made = []

    def make(data_folder=None, **settings):
        where = {"DATA_FOLDER": data_folder or folder, "DATABASE_URL": None if data_folder else address}
        app = create_app({"TESTING": True, "SECRET_KEY": KEY, **where, **settings})
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def visitor(client):
    return Visitor(client)


@pytest.fixture
def cleo(visitor):
    """A visitor who is signed in. Hashing is slow on purpose, so only tests of signing in go through it."""
    with visitor.client.session_transaction() as session:
        session.update(_user_id=str(CLEO), _fresh=True)
    return visitor


@pytest.fixture
def database(address):
    return Outside(address)
