"""The folder of migrations: it makes the tables of the models, takes them back, and starts from nowhere twice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cellar.store.database import db
from tests.support.services import database as new_database

from .conftest import KEY, POSTGRESQL, ROOT

TABLES = {"activity", "bottle", "cheer", "person", "rack", "slot", "tasting"}


@pytest.fixture(params=["sqlite", POSTGRESQL])
def kind(request):
    return request.param


@pytest.fixture
def address(kind, tmp_path):
    """A new, empty database instead of a filled one."""
    with new_database(kind, tmp_path) as url:
        yield url


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def run(*words):
        result = runner.invoke(args=[*words])
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_up_down_and_up_again(app, run, database):
    run("db", "upgrade")
    assert database.tables() == TABLES | {"alembic_version"}
    run("cellar", "set-up")
    run("db", "downgrade", "base")
    assert database.tables() <= {"alembic_version"}
    run("cellar", "set-up")
    with app.app_context():
        assert set(db.metadata.tables) == TABLES
    assert app.test_client().get("/api/bottles").json["total"] == 34


def test_the_models_and_the_migrations_agree(run):
    run("db", "upgrade")
    assert "No new upgrade operations" in run("db", "check")


def test_the_sql_of_the_upgrade_can_be_read_before(run, database):
    assert "CREATE TABLE bottle" in run("db", "upgrade", "--sql")
    assert database.tables() == set()


@pytest.mark.servers
@pytest.mark.slow
def test_several_that_start_at_once_make_one_cellar(address, folder, database):
    env = {
        **os.environ,
        "CELLAR_DATABASE_URL": address,
        "CELLAR_DATA_FOLDER": str(folder),
        "CELLAR_SECRET_KEY": KEY,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples" / "cellar")]),
    }
    command = [sys.executable, "-m", "demijohn", "--app", "cellar", "cellar", "set-up"]
    starting = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(4)
    ]
    try:
        output = [process.communicate(timeout=100)[0] for process in starting]
    finally:
        for process in starting:
            process.kill()
            process.wait()
    assert [process.returncode for process in starting] == [0, 0, 0, 0], output
    assert "".join(output).count("The sample cellar is in") == 1
    [(bottles,)] = database.run("SELECT count(*) FROM bottle")
    assert bottles == 34
