"""The applications that the pages about data show, started as those pages say."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from tests.docs.conftest import EXAMPLES
from tests.sessions.server_side.conftest import RedisServer

ROOT = EXAMPLES.parents[1]


class Folder:
    """A copy of an example, where a reader would type the page's commands."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "demijohn", *arguments],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture
def folder(tmp_path):
    """A function that copies an example and gives its folder."""

    def copy(name: str) -> Folder:
        shutil.copytree(EXAMPLES / name, tmp_path / "copy", ignore=shutil.ignore_patterns("instance"))
        return Folder(tmp_path / "copy")

    return copy


@pytest.fixture
def app_of(folder, load_example):
    """A function that copies an example and loads a module of the copy; its database is closed afterwards."""
    with contextlib.ExitStack() as closing:

        def load(name: str, module: str = "app"):
            app = load_example(str(folder(name).path / module)).app

            def close() -> None:
                if app.session_interface.__class__.__module__.endswith("server_side.interface"):
                    engine = getattr(app.session_interface.store, "engine", None)
                    if engine is not None:
                        engine.dispose()
                db = app.extensions.get("sqlalchemy")
                if db is not None:
                    with app.app_context():
                        db.dispose()

            closing.callback(close)
            return app

        yield load


def test_users_are_added_and_found_by_both_kinds_of_view(app_of):
    client = app_of("database").test_client()
    assert client.get("/users").json == []
    assert client.post("/users", data={"name": "Ada"}).json == {"id": 1}
    assert client.get("/users").json == ["Ada"]
    assert client.get("/users/1").json == {"name": "Ada"}
    assert client.get("/users/2").status_code == 404


@pytest.mark.slow
def test_the_commands_of_the_migrations_page(folder):
    cellar = folder("migrations")
    own = (cellar.path / "env.py").read_text()
    cellar.run("db", "init")
    cellar.run("db", "migrate", "-m", "Bottles")
    assert "Bottles" in cellar.run("db", "upgrade")
    (cellar.path / "migrations" / "env.py").write_text(own)
    assert "No new upgrade operations" in cellar.run("db", "check")
    cellar.run("db", "downgrade")


@pytest.mark.slow
def test_somebody_signs_in_and_out(folder, app_of):
    app = app_of("login")
    printed = Folder(Path(app.root_path)).run("add-user", "Ada", typed="right\nright\n")
    assert "Repeat" in printed
    client = app.test_client()
    to_sign_in = client.get("/cellar")
    assert to_sign_in.location == "/sign-in?next=%2Fcellar"
    assert "password" in client.get(to_sign_in.location).text
    assert client.post("/sign-in", data={"name": "Ada", "password": "wrong"}).status_code == 403
    signed_in = client.post(to_sign_in.location, data={"name": "Ada", "password": "right"})
    assert signed_in.location == "/cellar"
    assert client.get("/cellar").json == {"the cellar of": "Ada"}
    client.post("/sign-out")
    assert client.get("/cellar").status_code == 302


def test_somebody_joins_with_a_photo_and_nobody_joins_twice(app_of):
    app = app_of("forms")
    client = app.test_client()
    page = client.get("/join").text
    assert 'enctype="multipart/form-data"' in page
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page)[1]
    ada = {"name": "Ada", "mail": "ada@example.org", "about": "", "csrf_token": token}
    joined = client.post("/join", data={**ada, "photo": (BytesIO(b"png"), "ada.png")}, follow_redirects=True)
    assert "Welcome, Ada!" in joined.text
    assert "<li>Ada, ada.png</li>" in joined.text
    again = client.post("/join", data=ada)
    assert again.status_code == 422
    assert "Somebody has this name already." in again.text
    assert client.post("/join", data={**ada, "csrf_token": ""}).status_code == 400
    assert (
        client.post("/join", data={"name": "Bob"}, headers={"Sec-Fetch-Site": "same-origin"}).status_code
        == 422
    )
    wrong = client.post("/join", data={**ada, "name": "Eve", "photo": (BytesIO(b"x"), "a.php")})
    assert "File does not have an approved extension" in wrong.text


def test_a_session_in_redis_counts_visits_and_changes_its_identifier(app_of, monkeypatch):
    server = RedisServer()
    server.start()
    try:
        monkeypatch.setenv("REDIS_URL", server.url)
        app = app_of("server_side_sessions")
        client = app.test_client()
        assert [client.get("/").json["visits"] for _ in range(2)] == [1, 2]
        before = client.get_cookie("session").value
        client.post("/rights")
        assert client.get_cookie("session").value != before
        assert client.get("/").json == {"visits": 3}
        app.session_interface.store.client.close()
    finally:
        server.stop()


@pytest.mark.slow
def test_a_session_in_a_database_counts_visits_and_is_cleared_out(app_of):
    app = app_of("server_side_sessions", "in_a_database")
    client = app.test_client()
    assert [client.get("/").json["visits"] for _ in range(2)] == [1, 2]
    printed = Folder(Path(app.root_path)).run("--app", "in_a_database", "session_cleanup")
    assert printed == "0 expired sessions were removed.\n"


def test_somebody_watches_a_lot_and_bids(app_of):
    app = app_of("realtime", "lots")
    socketio = app.extensions["socketio"]
    ada, bob = socketio.test_client(app), socketio.test_client(app)
    assert [person.emit("watch", "7", callback=True) for person in (ada, bob)] == [0, 0]
    app.test_client().get("/end/7")
    assert [event["name"] for event in bob.get_received()] == ["sold"]
