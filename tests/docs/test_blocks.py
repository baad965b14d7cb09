"""Each block of Python on a page about the core does what the text beside it says.

Larger examples are files in docs/examples; what a page shows in place is run from the page. A block
without a check here fails, so none can be added that nobody runs.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from werkzeug.exceptions import NotFound

import listings
from demijohn import Blueprint, Flask, jsonify, session, url_for
from demijohn.testing import WebSocketRejected

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

#: Pages with tests of their own: testing.md as a test file (tests/testing), those of rooms beside the rooms'.
ELSEWHERE = {"testing", "compat", "login", "tasks"}

Check = Callable[..., None]
CHECKS: dict[tuple[str, int], Check] = {}


def blocks_of(page: Path) -> list[str]:
    """Without the files that the page shows: those have tests of their own."""
    return BLOCK.findall(listings.without_listings(page.read_text()))


def shown_blocks() -> list[tuple[str, int]]:
    pages = sorted(page for page in DOCS.glob("*.md") if page.stem not in ELSEWHERE)
    return [(page.stem, number) for page in pages for number in range(len(blocks_of(page)))]


def check(page: str, number: int = 0) -> Callable[[Check], Check]:
    """Register what a block has to do; it is called with the module made of it, and a folder for files."""

    def register(function: Check) -> Check:
        CHECKS[page, number] = function
        return function

    return register


SHOP = (DOCS / "examples" / "database" / "app.py").read_text()

#: What a page has said is there, in front of a block that goes on from it.
BEFORE = {
    ("database", 1): f"{SHOP}\ncontext = app.app_context()\ncontext.push()\n",
    ("database", 2): f"{SHOP}\ncontext = app.test_request_context('/?per_page=1')\ncontext.push()\n",
    ("database", 3): SHOP.replace("db = SQLAlchemy(app)", "db = SQLAlchemy()").partition("\n\n\nclass")[0]
    + "\n",
    ("cli", 2): "import os\nos.environ.pop('FLASK_RUN_FROM_CLI', None)\n",
    ("configuration", 0): (
        "import sys, types\n"
        "cellar = types.ModuleType('cellar'); cellar.defaults = types.ModuleType('cellar.defaults')\n"
        "cellar.defaults.CELLAR_RACKS = 12\n"
        "sys.modules.update({'cellar': cellar, 'cellar.defaults': cellar.defaults})\n"
    ),
}


LINES = {("routing", 5)}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """A function that makes a module of a block, from a file of its own, as a reader would."""
    before = dict(sys.modules)
    for name in ("FLASK_RUN_FROM_CLI", "CELLAR_SETTINGS"):
        monkeypatch.delenv(name, raising=False)

    def make(page: str, number: int, source: str) -> ModuleType:
        name = f"shown_{page.replace('-', '_')}_{number}"
        file = tmp_path / f"{name}.py"
        file.write_text(BEFORE.get((page, number), "") + source)
        spec = importlib.util.spec_from_file_location(name, file)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield make
    # The flagship is called cellar too, and its tests may run in this process.
    for name in [name for name in sys.modules if name.startswith(("shown_", "cellar"))]:
        if name in before:
            sys.modules[name] = before[name]
        else:
            del sys.modules[name]


@pytest.mark.parametrize(("page", "number"), shown_blocks())
def test_a_block_does_what_its_page_says(page, number, load, tmp_path, request):
    assert (page, number) in CHECKS, f"docs/{page}.md, block {number}: say here what it does"
    function = CHECKS[page, number]
    source = blocks_of(DOCS / f"{page}.md")[number]
    # Lines that stand for themselves are tried one by one.
    module_source = "" if (page, number) in LINES else source
    wanted = {"source": source, "tmp_path": tmp_path, "page": page, "number": number}
    names = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    arguments = {name: wanted[name] if name in wanted else request.getfixturevalue(name) for name in names}
    if hasattr(function, "prepare"):
        function.prepare(tmp_path, request.getfixturevalue("monkeypatch"))
    function(load(page, number, module_source), **arguments)


def test_every_check_has_its_block():
    assert sorted(CHECKS) == shown_blocks()


def preparing(function: Callable[..., None]) -> Callable[[Check], Check]:
    """Call this before the block is run, with its folder and pytest's monkeypatch."""

    def attach(checked: Check) -> Check:
        checked.prepare = function
        return checked

    return attach


@check("async")
def _(module):
    assert module.app.test_client(protocol="asgi").get("/health").text == "ok"
    [rule] = module.app.url_map.iter_rules("health")
    assert rule.blocking is False


@check("background-tasks")
def _(module):
    app = Flask("letters")
    app.extensions["sent"] = []

    @app.post("/join")
    async def join():
        app.add_background_task(app.extensions["sent"].append, "ada")
        return "joined"

    module.test_letter(app)


@check("blueprints")
def _(module, capsys):
    app = Flask("cellar")
    app.register_blueprint(module.jobs)
    app.register_blueprint(module.jobs, name="again")
    with app.test_client(protocol="asgi", lifespan=True):
        pass
    assert capsys.readouterr().out == "the jobs are ready\n"


@check("cli", 0)
def _(module):
    runner = module.app.test_cli_runner()
    assert runner.invoke(args=["greet", "Ada"]).output == f"Hello Ada, this is {module.app.name}\n"
    assert runner.invoke(args=["users", "list"]).exit_code == 0


@check("cli", 1)
def _(module):
    app = Flask("cellar")
    module.init_app(app)
    runner = app.test_cli_runner()
    assert "Look after the cellar." in runner.invoke(args=["cellar", "--help"]).output
    assert runner.invoke(args=["cellar", "count"]).exit_code == 0


@check("cli", 2)
def _(module):
    result = CliRunner().invoke(module.manage, ["routes"])
    assert result.exit_code == 0, result.output
    assert "/static/<path:filename>" in result.output
    assert "Manage the shop." in CliRunner().invoke(module.manage, ["--help"]).output


@check("database", 0)
def _(module):
    app = Flask("cellar")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    module.db.init_app(app)
    with app.app_context():
        module.db.create_all()
        with module.db.transaction() as shop:
            shop.add(module.User())
        assert module.db.session.scalars(module.db.select(module.User)).one().id == 1
        module.db.dispose()


@check("database", 1)
def _(module):
    db = module.db
    assert db.session.scalars(db.select(module.User)).one().name == "Ada"
    db.dispose()
    module.context.pop()


@check("database", 2)
def _(module):
    assert (module.page.total, module.page.per_page, module.page.items) == (0, 1, [])
    module.db.dispose()
    module.context.pop()


@check("database", 3)
def _(module):
    assert module.Line.metadata is module.db.metadatas["log"]
    module.app.config["SQLALCHEMY_BINDS"].pop("stock")  # for which there is no server here
    module.db.init_app(module.app)
    with module.app.app_context():
        module.db.create_all("log")
        assert module.db.engines["log"].url.database.endswith("log.db")
        module.db.dispose()


@check("forms")
def _(module):
    from wtforms import StringField

    from demijohn.ext.forms import FlaskForm

    module.app.secret_key = "only for this test"
    with module.app.test_request_context():
        assert "form-control" in module.app.jinja_env.from_string(
            "{% from 'demijohn/forms.html' import render_form %}{{ render_form(form) }}"
        ).render(form=type("Join", (FlaskForm,), {"name": StringField()})())


def _settings(folder, monkeypatch):
    (folder / "settings.toml").write_text('CELLAR_NAME = "north"\n')
    (folder / "more.cfg").write_text("CELLAR_SHELVES = 3\n")
    monkeypatch.setenv("CELLAR_SETTINGS", str(folder / "more.cfg"))
    monkeypatch.setenv("FLASK_DB__HOST", "db.example")


@check("configuration", 0)
@preparing(_settings)
def _(module):
    config = module.app.config
    assert (config["CELLAR_RACKS"], config["CELLAR_NAME"], config["CELLAR_SHELVES"]) == (12, "north", 3)
    assert config["DB"] == {"HOST": "db.example"}
    assert config["PREFERRED_URL_SCHEME"] == "https"


@check("configuration", 1)
def _(module):
    app = module.Cellar("cellar")
    app.config["CELLAR_RACKS"] = "7"
    assert app.racks == 7
    app.racks = 8
    assert app.config["CELLAR_RACKS"] == 8


@check("contexts")
def _(module, capsys):
    module.nightly(Flask("cellar"))
    assert capsys.readouterr().out == "cellar\n"


@check("extending")
def _(module):
    assert repr(module.sqlite3) == "<module 'sqlite3', later>"
    assert module.sqlite3.connect(":memory:").close() is None


@check("json", 0)
def _(module):
    answer = module.app.test_client().post("/bottles", json={"name": "port"})
    assert (answer.status_code, answer.json) == (201, {"added": "port"})


@check("json", 1)
def _(module):
    from datetime import date

    app = module.Cellar("cellar")
    app.add_url_rule("/", "index", lambda: jsonify(bottled=date(2020, 1, 2)))
    assert app.test_client().get("/").json == {"bottled": "2020-01-02"}


@check("logging", 0)
def _(module, caplog):
    assert module.app.test_client().get("/bottles/port").status_code == 404
    assert caplog.messages == ["no bottle at /bottles/port"]


@check("logging", 1)
def _(module):
    from demijohn.logging import default_handler

    assert default_handler not in logging.getLogger(module.app.name).handlers


@check("requests")
def _(module):
    from io import BytesIO

    client = module.app.test_client()
    large = {f"file{n}": (BytesIO(b"x" * 4 * 1024**2), "scan.png") for n in range(5)}
    assert client.post("/scans", data=large).text == "5"
    many = {f"file{n}": (BytesIO(b"x"), "scan.png") for n in range(11)}
    assert client.post("/scans", data=many).status_code == 413


@check("requests", 1)
def _(module, tmp_path):
    from io import BytesIO

    module.folder = tmp_path
    client = module.app.test_client()
    sent = {"title": "Nosferatu", "film": (BytesIO(b"x" * 4 * 1024**2), "a.mp4")}
    assert client.post("/films", data=sent).json == {"title": "Nosferatu"}
    assert (tmp_path / "film.bin").stat().st_size == 4 * 1024**2


@check("responses")
def _(module, tmp_path):
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "port.txt").write_text("port")
    client = module.app.test_client()
    with client.get("/report") as report:
        assert report.headers["Content-Disposition"] == "attachment; filename=cellar.pdf"
    with client.get("/labels/port.txt") as label:
        assert (label.text, label.cache_control.max_age) == ("port", 3600)
    assert client.get("/labels/../report.pdf").status_code == 404


@check("routing", 0)
def _(module):
    client = module.app.test_client()
    assert client.get("/wines/7").text == "Wine number 7"
    assert client.get("/wines/seven").status_code == 404


@check("routing", 1)
def _(module):
    client = module.app.test_client()
    assert client.get("/search/red+dry").json == {"tags": ["red", "dry"]}
    assert client.get("/search/red+").status_code == 404
    with module.app.test_request_context():
        assert module.app.url_for("search", tags=["red", "dry"]) == "/search/red+dry"


@check("routing", 2)
def _(module):
    adapter = module.app.url_map.bind("cellar.example")
    paths = {
        "/wines/new": "new_wine",
        "/wines/7": "wine_by_number",
        "/wines/port": "wine_by_name",
        "/a/b": "page",
    }
    assert {path: adapter.match(path)[0] for path in paths} == paths


@check("routing", 3)
def _(module):
    client = module.app.test_client()
    assert client.get("/notes/").text == "Page 1"
    assert client.get("/notes/page/2").text == "Page 2"
    assert client.get("/notes/page/1").headers["Location"].endswith("/notes/")


@check("routing", 4)
def _(module):
    adapter = module.app.url_map.bind("cellar.example", subdomain="api")
    assert adapter.match("/") == ("api_index", {})
    assert module.app.url_map.bind("cellar.example", subdomain="ada").match("/") == (
        "user_page",
        {"user": "ada"},
    )
    with pytest.raises(NotFound):
        module.app.url_map.bind("cellar.example").match("/")


@check("routing", 5)
def _(module, source):
    """The comment behind each line is what it gives, in a view of a blueprint."""
    app, wines = Flask("cellar"), Blueprint("wines", "cellar")
    app.config["SERVER_NAME"] = "cellar.example"
    app.add_url_rule("/wines/<int:number>", "wine", lambda number: "")
    wines.add_url_rule("/by/<int:number>", "wine", lambda number: "")
    wines.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(wines)
    shown = dict(re.findall(r"^(url_for\(.*\))  # (.*)$", source, re.MULTILINE))
    with app.test_request_context("/"):
        given = {line: eval(line, {"url_for": url_for}) for line in shown}
    assert given.pop('url_for(".wine", number=7)') == "/by/7"
    assert len(given) == 5
    assert {line: shown[line] for line in given} == given


@check("routing", 6)
def _(module):
    """It asserts what it says."""
    assert module.rule.endpoint == "wine"


@check("sessions", 0)
def _(module):
    client = module.app.test_client()
    assert client.get("/").text == "Bottles: 0"
    assert client.post("/", follow_redirects=True).text == "Bottles: 1"


@check("sessions", 1)
def _(module):
    app = Flask("cellar")
    app.session_interface = module.MemorySessions()
    app.session_interface.kept["abc"] = {"bottles": 3}
    app.add_url_rule("/", "index", lambda: str(session.get("bottles", 0)))
    client = app.test_client()
    assert client.get("/").text == "0"
    client.set_cookie("session", "abc")
    assert client.get("/").text == "3"


@check("signals", 0)
def _(module, caplog):
    module.app.logger.setLevel(logging.INFO)
    module.app.add_url_rule("/", "index", lambda: "hello")
    module.app.test_client().get("/")
    assert "answered 200 OK" in caplog.messages


@check("signals", 1)
def _(module):
    heard = []

    def note(sender):
        heard.append(sender)

    module.bottled.connect(note)
    module.bottled.send("cellar")
    assert heard == ["cellar"]


@check("views")
def _(module):
    client = module.app.test_client()
    assert client.put("/bottles/port", json={"year": 1994}).status_code == 204
    assert client.get("/bottles/port").json == {"year": 1994}
    assert client.post("/bottles/port").status_code == 405


@check("oauth")
def _(module):
    answer = module.app.test_client().get("/profile")
    assert (answer.status_code, answer.location) == (302, "/login/github")


@check("realtime", 0)
def _(module):
    assert module.socketio.server.eio.transports == ["websocket"]


@check("realtime", 1)
def _(module):
    assert module.client.is_connected()


@check("websockets")
def _(module):
    @module.app.websocket("/echo")
    async def echo():
        from demijohn import websocket

        await websocket.send("hello")

    client = module.app.test_client(protocol="asgi")
    with client.websocket("/echo", headers={"Origin": "https://www.cellar.example"}) as socket:
        assert socket.receive() == "hello"
    with (
        pytest.raises(WebSocketRejected),
        client.websocket("/echo", headers={"Origin": "https://other.example"}),
    ):
        pass
