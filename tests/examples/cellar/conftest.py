"""A cellar of its own for every test, with its sample bottles, and visitors who fill in its forms."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "examples" / "cellar"))

from cellar import create_app  # noqa: E402
from cellar.store import people  # noqa: E402
from cellar.store.database import connect  # noqa: E402

KEY = "only for tests 0123456789abcdef0123456789"
PASSWORD = "correct horse battery"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 40

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

    def sign_up(self, name="Emil", password=PASSWORD):
        answer = self.post("/auth/sign-up", {"name": name, "password": password})
        assert answer.status_code == 303, answer.text
        return self

    def stock(self, bottle_id):
        return self.client.get(f"/api/bottles/{bottle_id}").json["stock"]


def errors_in(page):
    """The messages at the fields of a page's form, by field."""
    return dict(re.findall(r'class="wrong" id="d-([a-z_]+)">([^<]+)<', page))


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A data folder as the first run leaves it, in which Cleo has an account."""
    folder = tmp_path_factory.mktemp("cellar")
    create_app({"TESTING": True, "SECRET_KEY": KEY, "DATA_FOLDER": folder})
    with closing(connect(folder / "cellar.sqlite3")) as connection:
        people.join(connection, "Cleo", PASSWORD)
    with closing(sqlite3.connect(folder / "cellar.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.fixture
def folder(filled, tmp_path):
    shutil.copytree(filled, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def app(folder):
    return create_app({"TESTING": True, "SECRET_KEY": KEY, "DATA_FOLDER": folder})


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
        session["person"] = 3
    return visitor


@pytest.fixture
def database(folder):
    with closing(sqlite3.connect(folder / "cellar.sqlite3")) as connection:
        yield connection
