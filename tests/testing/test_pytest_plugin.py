"""The fixtures, as a project of one's own uses them."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each runs a process of its own

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
import pytest
from demijohn import Flask

@pytest.fixture
def app():
    app = Flask("project")
    app.testing = True

    @app.route("/")
    def home():
        return "hello"

    return app
"""


@pytest.fixture
def project(tmp_path):
    """Run pytest in a fresh project with one test file; returns its output."""

    def run(text, *options, conftest=CONFTEST):
        (tmp_path / "conftest.py").write_text(conftest)
        (tmp_path / "test_it.py").write_text(text)
        return run_pytest(tmp_path, *options)

    return run


def run_pytest(folder, *options):
    """What pytest says of a project."""
    # Ours is an entry point; two that are installed for other tests take seconds to load.
    plugin = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:schemathesis"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", *plugin, *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_client_runner_and_async_client_are_of_the_projects_app(project):
    out = project(
        "import asyncio\n"
        "def test_client(client, app):\n"
        "    assert client.application is app and client.get('/').text == 'hello'\n"
        "def test_runner(runner, app):\n"
        "    assert runner.app is app\n"
        "def test_async(async_client):\n"
        "    assert asyncio.run(async_client.get('/')).text == 'hello'\n"
    )
    assert "3 passed" in out, out


def test_protocols_repeats_what_uses_a_client(project):
    text = "def test_client(client):\n    assert client.get('/').text == 'hello'\ndef test_other(): pass\n"
    out = project(text, "--protocols", "all")
    assert "4 passed" in out, out
    for protocol in ("wsgi", "asgi", "rsgi"):
        assert f"test_client[{protocol}] PASSED" in out


def test_a_tests_own_choice_wins(project):
    text = (
        "import pytest\n@pytest.mark.parametrize('protocol', ['asgi'])\n"
        "def test_client(client):\n    assert client.protocol == 'asgi'\n"
    )
    assert "1 passed" in project(text, "--protocols", "all")


def test_an_unknown_protocol_is_refused_with_those_known(project):
    out = project("def test_client(client): pass\n", "--protocols", "http3")
    assert "unknown http3; known are wsgi, asgi, rsgi" in out


def test_a_projects_own_fixture_wins(project):
    own = CONFTEST + "\n@pytest.fixture\ndef client():\n    return 'mine'\n"
    assert "1 passed" in project("def test_client(client):\n    assert client == 'mine'\n", conftest=own)


SHOP = """
import os
from demijohn import Flask, render_template_string
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.tasks import Tasks, app_task
from sqlalchemy.orm import Mapped, mapped_column

db = SQLAlchemy()

class Bottle(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

@app_task
def press(name):
    raise AssertionError("it was run")

def names():
    return list(db.session.scalars(db.select(Bottle.name).order_by(Bottle.id)))

def create_app():
    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.path.abspath('shop.db')}"
    db.init_app(app)
    Tasks(app)

    @app.get("/")
    def home():
        return render_template_string("<h1>{{ names }}</h1>", names=",".join(names()))

    @app.get("/process")
    def process():
        app.extensions["watch"]()
        return str(os.getpid())

    @app.post("/<name>")
    def add(name):
        db.session.add(Bottle(name=name))
        db.session.commit()
        press.apply_async([name], countdown=5)
        return "added"

    @app.post("/async/<name>")
    async def add_async(name):
        db.async_session.add(Bottle(name=name))
        await db.async_session.commit()
        return "added"

    @app.cli.command("greet")
    def greet():
        print("hello")

    return app
"""
#: Each of these is run within one project, and is a test here that looks whether it passed.
INNER = """
import asyncio
import os
import urllib.request

import pytest
import shop

def get(url):
    return urllib.request.urlopen(url, timeout=20).read().decode()

def post(url):
    return urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST"), timeout=20).read()

def test_app_is_made_from_the_setting(app):
    assert app.name == "shop" and app.testing

made = []

@pytest.mark.parametrize("turn", [1, 2])
def test_a_factory_makes_one_for_each_test(app, turn):
    assert app not in made
    made.append(app)

def test_cli_runs_commands(cli):
    assert cli.invoke(args=["greet"]).output == "hello\\n"

def test_the_live_server_has_the_same_object_in_this_process(app, live_server):
    seen = []
    app.extensions["watch"] = lambda: seen.append(app)  # which no pickle could hold
    assert get(live_server.url + "/process") == str(os.getpid())
    assert seen == [app]

@pytest.mark.parametrize("turn", [1, 2])
def test_all_commits_are_taken_back(db, client, async_client, live_server, captured_tasks, turn):
    assert shop.names() == ["kept"]
    db.session.add(shop.Bottle(name="own"))
    db.session.commit()
    client.post("/view")
    asyncio.run(async_client.post("/async/loop"))
    post(live_server.url + "/live")
    post(live_server.url + "/async/live loop".replace(" ", "%20"))
    assert get(live_server.url) == "<h1>kept,own,view,loop,live,live loop</h1>"

def test_what_starts_with_the_server_is_taken_back_too(app, live_server, db):
    assert shop.names() == ["kept", "at the start"]

@pytest.fixture
def app(app, request):
    if "at_the" in request.node.name or "starts" in request.node.name:
        @app.before_serving
        def fill():
            with app.app_context():
                shop.db.session.add(shop.Bottle(name="at the start"))
                shop.db.session.commit()
    return app

def test_templates_are_captured_with_their_context(client, live_server, captured_templates):
    client.get("/")
    get(live_server.url)
    assert [(template.name, context["names"]) for template, context in captured_templates] == [(None, "kept")] * 2

def test_tasks_are_captured_and_not_run(db, client, captured_tasks):
    client.post("/pressed")
    [task] = captured_tasks
    assert (task.name, task.args, task.kwargs) == ("shop.press", ("pressed",), {})
    assert task.options["countdown"] == 5
"""


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory):
    """A project with a database in which one row is, after its tests."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(SHOP)
    (folder / "test_shop.py").write_text(INNER)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\ndemijohn_app = "shop:create_app"\n')
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("CREATE TABLE bottle (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
        database.execute("INSERT INTO bottle VALUES (1, 'kept')")
    (folder / "output").write_text(run_pytest(folder))
    return folder


@pytest.mark.parametrize("name", re.findall(r"^def (test_\w+)", INNER, re.MULTILINE))
def test_in_a_project(shop_folder, name):
    said = (shop_folder / "output").read_text()
    found = re.findall(rf"::{name}(?:\[.*\])? (\w+)", said)
    assert set(found) == {"PASSED"}, said


def test_nothing_is_left_and_nothing_lost(shop_folder):
    with sqlite3.connect(shop_folder / "shop.db") as database:
        assert database.execute("SELECT * FROM bottle").fetchall() == [(1, "kept")]


def test_the_live_server_follows_the_scope_of_the_app(project):
    conftest = CONFTEST.replace("@pytest.fixture", "@pytest.fixture(scope='module')").replace(
        "    return app",
        "    stopped = []\n    app.after_serving(lambda: stopped.append(1))\n    yield app\n"
        "    assert stopped == [1]\n",
    )
    text = "urls = []\n" + "".join(
        f"def test_{number}(live_server):\n    urls.append(live_server.url)\n" for number in (1, 2)
    )
    out = project(
        text + "def test_same():\n    assert len(urls) == 2 and len(set(urls)) == 1\n", conftest=conftest
    )
    assert "3 passed" in out, out
    assert "error" not in out, out


def test_without_an_application_the_way_to_one_is_told(project):
    out = project("def test_client(client): pass\n", conftest="")
    assert 'demijohn_app = "shop:create_app"' in out, out
    assert "1 error" in out, out


def test_what_the_application_lacks_is_told(project):
    out = project("def test_db(db): pass\ndef test_tasks(captured_tasks): pass\n")
    assert "has no database: make it one with SQLAlchemy(app)" in out, out
    assert "has no tasks: make it some with Tasks(app)" in out, out


@pytest.mark.browser
def test_a_browser_sees_the_live_server(project):
    text = "def test_page(browser, live_server):\n    page = browser.new_page()\n    page.goto(live_server.url)\n"
    out = project(text + "    assert page.inner_text('body') == 'hello'\n")
    assert "1 passed" in out, out
