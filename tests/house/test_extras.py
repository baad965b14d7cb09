"""Whoever uses what an extra brings, and does not have it, reads the line to type."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from imports import module_name

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[A-Za-z0-9._-]+")

APP = "from demijohn import Flask\napp = Flask('use', root_path='.')\n"
DATABASE = APP + "from demijohn.ext.database import SQLAlchemy\napp.config['SQLALCHEMY_DATABASE_URI'] = "
ASYNC = """
db = SQLAlchemy(app)
async def get():
    with app.app_context():
        await db.async_session.execute(db.text('SELECT 1'))
import asyncio
asyncio.run(get())
"""
#: By extra, and what of it: the first that fails without any of the libraries that extras bring.
USES = {
    "server": APP + "app.run(port=0)",
    "database": "from demijohn.ext.database import SQLAlchemy",
    "database: sessions": "import demijohn.sessions.server_side as s\ns.SQLStore(None)",
    "database: tokens": "from demijohn.ext.oauth import SQLAlchemyStorage",
    "database: tokens, of old": "from demijohn.ext.oauth.consumer.storage.sqla import SQLAlchemyStorage",
    "migrations": "from demijohn.ext.migrations import Migrate",
    "forms": "from demijohn.ext.forms import FlaskForm",
    "redis: sessions": "import demijohn.sessions.server_side as s\ns.RedisStore()",
    "redis: broadcast": "from demijohn import Broadcast\nBroadcast('redis://localhost').publish('a', 1)",
    "orjson": APP + "from demijohn.json import libraries\nlibraries.OrjsonJSONProvider(app)",
    "argon2": "from demijohn.ext.login import PasswordHasher\nPasswordHasher('argon2').hash('a')",
    "uploads": "from demijohn.ext.uploads.stores import ObjectStore\nObjectStore('memory:///').store",
    "ratelimit": APP
    + "from demijohn.ext.ratelimit import Limiter\nLimiter(lambda: 'a', app=app).limit('1/day')(len)",
    "i18n": "from demijohn.ext.i18n import Babel",
    "realtime": "from demijohn.ext.realtime import SocketIO",
    "oauth": "from demijohn.ext.oauth import OAuth2Session",
    "tasks": APP + "from demijohn.ext.tasks import Tasks\nTasks(app)",
    "tracing": APP + "from demijohn.ext.tracing import Tracing\nTracing(app)",
    "dotenv": "from demijohn.cli import cli\ncli.main(['--env-file', 'README.md', 'routes'])",
}
#: The same where what a room stands on is there, and these are not.
LIBRARIES = (
    "aiomysql aiosqlite alembic asyncmy asyncpg httpx httpx2 MySQLdb psycopg psycopg2 pymysql redis valkey"
)
FURTHER = {
    "migrations: alembic": "from demijohn.ext.migrations import Migrate",
    "database: aiosqlite": DATABASE + "'sqlite://'" + ASYNC,
    "postgres": DATABASE + "'postgresql://localhost/a'\nSQLAlchemy(app)",
    "postgres: short": DATABASE + "'postgres://localhost/a'\nSQLAlchemy(app)",
    "mysql": DATABASE + "'mysql://localhost/a'\nSQLAlchemy(app)",
    "redis: realtime": APP + "from demijohn.ext.realtime import SocketIO\n"
    "SocketIO(app, message_queue='redis://localhost')",
    "tasks: redis": APP
    + "from demijohn.ext.tasks import Tasks\napp.config['TASKS_BROKER'] = 'redis://localhost'\n"
    "Tasks(app)\napp.extensions['tasks']._reaches_broker()",
    "redis: limits": APP + "from demijohn.ext.ratelimit import Limiter\n"
    "Limiter(lambda: 'a', app=app, storage_uri='redis://localhost', default_limits=['1/day'])\n"
    "app.test_client().get('/')",
    "oauth: async": "from demijohn.ext.oauth.consumer import requests as r\nr.httpx_client.AsyncOAuth2Client",
}
#: A module as the package itself comes to it: with the first look at something of it.
LATER = "from demijohn.later import later\nmodule = later({!r})\nmodule.__doc__"
#: They are what a server imports, and look for the application.
FOR_A_COMMAND = {"demijohn.__main__", "demijohn.compat.served"}
#: Without these nothing fails: what they bring is only made use of, or is imported by the application itself.
NOT_NEEDED = {"all", "brotli", "dev", "rest"}


def declared() -> dict[str, list[str]]:
    """The extras of pyproject.toml, with their distributions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project["optional-dependencies"]


def closure(lines: list[str]) -> set[str]:
    """The distributions that requirements bring, those of their own requirements as well."""
    found: set[str] = set()
    todo = list(lines)
    while todo:
        line = todo.pop()
        name = NAME.match(line).group().lower().replace("_", "-")
        if name in found or "extra ==" in line or name == "demijohn":
            continue
        found.add(name)
        try:
            todo += requires(name) or []
        except PackageNotFoundError:
            continue
    return found


@pytest.fixture(scope="module")
def brought() -> list[str]:
    """The modules that are there by extras only."""
    core = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    extras = [line for lines in declared().values() for line in lines]
    names = closure(extras) - closure(core)
    return sorted(
        module
        for module, distributions in packages_distributions().items()
        if any(name.lower().replace("_", "-") in names for name in distributions)
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Runs uses where libraries are missing; the package's own metadata is that of pyproject.toml as it is now."""
    metadata = tmp_path_factory.mktemp("metadata")
    write = f"import hatchling.build as b; b.prepare_metadata_for_build_wheel({str(metadata)!r})"
    subprocess.run([sys.executable, "-c", write], check=True, cwd=ROOT, capture_output=True)
    path = os.pathsep.join([str(metadata), str(ROOT / "src")])
    program = str(Path(__file__).with_name("without_libraries.py"))
    # Without what commands that ran in this process have left, by which app.run() would do nothing.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "DEMIJOHN_"))}

    def run(missing: list[str], uses: dict[str, str]) -> dict[str, list[str]]:
        order = json.dumps({"missing": missing, "uses": uses})
        done = subprocess.run(
            [sys.executable, program, order], capture_output=True, text=True, check=True, cwd=ROOT,
            env={**kept, "PYTHONPATH": path},
        )  # fmt: skip
        found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


@pytest.fixture(scope="module")
def without_extras(brought, outcomes):
    modules = [module_name(path, ROOT / "src") for path in sorted((ROOT / "src/demijohn").rglob("*.py"))]
    uses = {**USES, **{f"import {name}": LATER.format(name) for name in modules if name not in FOR_A_COMMAND}}
    return outcomes(brought, uses)


@pytest.fixture(scope="module")
def without_libraries(outcomes):
    return outcomes(LIBRARIES.split(), FURTHER)


def names_its_extra(use: str, outcome: list[str]) -> bool:
    extra = use.partition(":")[0]
    return bool(outcome) and f"demijohn[{extra}]" in outcome[1] and "pip install" in outcome[1]


@pytest.mark.parametrize("use", USES)
def test_without_any_extra_the_error_is_the_line_to_type(use, without_extras):
    assert names_its_extra(use, without_extras[use]), without_extras[use]
    assert use in {"server", "dotenv"} or "ModuleNotFoundError" in without_extras[use][0]


@pytest.mark.parametrize("use", FURTHER)
def test_without_one_library_the_error_is_the_line_to_type(use, without_libraries):
    assert names_its_extra(use, without_libraries[use]), without_libraries[use]


def test_every_module_either_needs_no_extra_or_says_which(without_extras):
    wrong = {
        use: found
        for use, found in without_extras.items()
        if use.startswith("import ") and found and not re.search(r'pip install "demijohn\[\w+\]"', found[1])
    }
    assert not wrong
    rooms = {path.parent.name for path in (ROOT / "src/demijohn/ext").glob("*/__init__.py")}
    assert rooms <= {use.rpartition(".")[2] for use in without_extras}


def test_every_extra_is_used_here():
    used = {use.partition(":")[0] for use in (*USES, *FURTHER)}
    assert used | NOT_NEEDED == set(declared())
