"""Error pages in the layout, headers on every answer, settings, and the terminal's commands."""

from __future__ import annotations

import os
import stat
import time

import pytest
from cellar import create_app
from cellar.store.database import db

from demijohn.cli.check import findings

from .conftest import KEY, ON_BOTH, PNG, Visitor

# Errors


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nowhere", 404, "This slot is empty"),
        ("GET", "/bottles/99999", 404, "There is no such bottle"),
        ("POST", "/auth/sign-in", 403, "Hands off"),
        ("PUT", "/bottles/1", 405, "Wrong end of the corkscrew"),
        ("BREW", "/", 405, "Wrong end of the corkscrew"),
        ("GET", "/bottles/?sort=x", 400, "cannot be sorted by that"),
    ],
)
def test_errors_are_pages_in_the_layout(client, method, path, status, words):
    answer = client.open(
        path, method=method, headers={"Authorization": "Bearer x"} if method == "PUT" else {}
    )
    assert answer.status_code == status
    assert words in answer.text
    assert 'class="brand"' in answer.text


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.open("/bottles/1", method="PUT")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("host", ["a b", "a/?x=", "a\\b", "u@a", "[::1"])
def test_case_1_a_malformed_host_is_a_400_even_though_no_link_can_be_made(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 400
    assert client.get("/api/bottles", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("table", ["bottle", "person"])
def test_case_50_a_crash_shows_a_page_and_no_word_of_its_cause(app, cleo, database, caplog, table):
    """Also when it is the table of people that is gone, which tells who is asking."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    database.run(f"ALTER TABLE {table} RENAME TO elsewhere")
    answer = cleo.get("/bottles/")
    assert answer.status_code == 500
    assert "A bottle broke" in answer.text
    assert 'class="brand"' in answer.text
    assert "no such table" not in answer.text
    assert "no such table" in caplog.text


# Headers


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/bottles", "/api/nothing", "/static/cellar.css", "/healthz"]
)
def test_every_answer_says_what_browsers_may_do_with_it(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/static/cellar.css", "/healthz"])
def test_what_is_the_same_for_all_leaves_the_session_alone(visitor, path):
    with visitor.sign_up().get(path) as answer:
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_the_sessions_cookie_is_kept_from_scripts_and_other_sites(visitor):
    answer = visitor.get("/auth/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("cellar=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


# Settings


def test_without_a_secret_key_production_does_not_start(tmp_path):
    with pytest.raises(RuntimeError, match="CELLAR_SECRET_KEY"):
        create_app({"DATA_FOLDER": tmp_path})


def test_the_secret_key_is_read_from_its_file(tmp_path):
    (tmp_path / "secret_key").write_text(f"{KEY}\n")
    assert create_app({"DATA_FOLDER": tmp_path}).config["SECRET_KEY"] == KEY


def test_the_environment_configures_the_cellar(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLAR_SECRET_KEY", "1" * 40)
    monkeypatch.setenv("CELLAR_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("CELLAR_SIGN_UP", "false")
    app = create_app()
    assert app.config["SECRET_KEY"] == "1" * 40
    assert app.config["SIGN_UP"] is False
    with app.app_context():
        assert db.engine.url.database == str(tmp_path / "cellar.db")


def test_one_setting_names_another_database(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLAR_SECRET_KEY", KEY)
    monkeypatch.setenv("CELLAR_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("CELLAR_DATABASE_URL", "postgresql://cellar@db.example/wine")
    with create_app().app_context():
        assert db.engine.url.host == "db.example"
        assert db.engine.dialect.name == "postgresql"


def test_a_key_made_up_for_debugging_is_for_its_owner_only(tmp_path):
    app = create_app({"TESTING": True, "DATA_FOLDER": tmp_path})
    file = tmp_path / "secret_key"
    assert file.read_text() == app.config["SECRET_KEY"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_empty_cellar_is_a_page_too(make_app, tmp_path):
    app = make_app(tmp_path / "new")
    app.test_cli_runner().invoke(args=["cellar", "set-up", "--no-samples"])
    visitor = Visitor(app.test_client())
    for path in ("/", "/bottles/", "/live/", "/bottles/bottles.csv"):
        assert visitor.get(path).status_code == 200
    visitor.sign_up()
    assert "Build a rack first" in visitor.get("/bottles/new").text


# Commands


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words, **more: runner.invoke(args=["cellar", *words], **more)


def test_set_up_makes_a_cellar_once(make_app, tmp_path):
    app = make_app(tmp_path / "new")
    runner = app.test_cli_runner()
    first, second = (runner.invoke(args=["cellar", "set-up"]).output for _ in range(2))
    assert "The database is up to date" in first
    assert "The sample cellar is in" in first
    assert "The database is up to date" in second
    assert "The sample cellar is in" not in second
    assert app.test_client().get("/api/bottles").json["total"] == 34


def test_a_cellar_that_somebody_uses_gets_no_samples(make_app, tmp_path):
    app = make_app(tmp_path / "new")
    runner = app.test_cli_runner()
    runner.invoke(args=["cellar", "set-up", "--no-samples"])
    runner.invoke(args=["cellar", "add-person", "Dora"], input="a long password\na long password\n")
    assert "sample" not in runner.invoke(args=["cellar", "set-up"]).output
    assert app.test_client().get("/api/bottles").json["total"] == 0


def test_set_up_tells_of_a_cellar_of_an_earlier_version_and_leaves_it(run, folder):
    former = folder / "cellar.sqlite3"
    former.write_bytes(b"somebody's bottles")
    assert str(former) in run("set-up").output
    assert former.read_bytes() == b"somebody's bottles"


@ON_BOTH
def test_set_up_shows_no_password(run, database):
    output = run("set-up").output
    assert "://" in output
    assert database.engine.url.password is None or database.engine.url.password not in output


def test_a_person_who_is_added_may_sign_in(app, run):
    app.config["SIGN_UP"] = False
    assert run("add-person", "Dora", input="a long password\na long password\n").exit_code == 0
    visitor = Visitor(app.test_client())
    assert visitor.post("/auth/sign-in", {"name": "Dora", "password": "a long password"}).status_code == 302


def test_a_name_is_added_once(run):
    result = run("add-person", "ADA", input="a long password\na long password\n")
    assert result.exit_code == 1
    assert "There is somebody called ADA already." in result.output


def test_tidy_deletes_old_photos_that_no_bottle_shows(run, folder, database):
    photos = folder / "photos"
    photos.mkdir()
    used, fresh, stale = (f"{digit * 32}.png" for digit in "abc")
    for name in (used, fresh, stale):
        (photos / name).write_bytes(PNG)
    yesterday = time.time() - 25 * 3600
    for name in (used, stale):
        os.utime(photos / name, (yesterday, yesterday))
    database.run("UPDATE bottle SET photo = :name WHERE id = 1", name=used)
    assert "Deleted 1 unused photo." in run("tidy").output
    assert {file.name for file in photos.iterdir()} == {used, fresh}


# Pages of other sites


def test_a_script_elsewhere_reads_the_api_and_no_page(client):
    elsewhere = {"Origin": "https://wine.example"}
    with client.get("/api/bottles", headers=elsewhere) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    with client.get("/bottles/", headers=elsewhere) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_form_of_another_site_is_refused(visitor):
    visitor.sign_up()
    answer = visitor.post("/bottles/1/open", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_who_guesses_passwords_has_to_wait(visitor):
    answers = [visitor.post("/auth/sign-in", {"name": "Ada", "password": ""}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_check_finds_nothing_serious(app):
    with app.app_context():
        found = {(finding.id, finding.level) for finding in findings(app)}
    assert not [finding for finding in found if finding[1] == "serious"]
    assert found == {
        ("trusted-hosts", "warning"),
        ("memory-store", "warning"),
        ("tasks.embedded", "warning"),
        ("hsts", "note"),
        ("cors", "note"),
    }
