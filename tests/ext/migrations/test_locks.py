"""Several workers may upgrade at once: one does, the others wait, and nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.ext.migrations.conftest import append, bottle

from demijohn.ext.migrations.locks import one_at_a_time

WORKER = """
import sys
from demijohn import Flask
from demijohn.ext.database import SQLAlchemy
from demijohn.ext.migrations import Migrate, upgrade

app = Flask("worker")
app.config["SQLALCHEMY_DATABASE_URI"] = sys.argv[1]
db = SQLAlchemy(app)
Migrate(app, db)
with app.app_context():
    upgrade()
"""


#: What the revision does first: it is not done before the test says so.
HELD_UP = """def upgrade() -> None:
    import pathlib, time
    print("RAN", flush=True)
    while not pathlib.Path("go").exists():
        time.sleep(0.05)
"""


def test_three_workers_upgrade_at_once(cellar):
    cellar.with_models(bottle).run("init")
    cellar.run("migrate --rev-id aaa")
    revision = next(Path("migrations/versions").glob("*.py"))
    revision.write_text(revision.read_text().replace("def upgrade() -> None:\n", HELD_UP))
    source = str(Path(__file__).parents[3] / "src")
    logs = [Path(f"worker{number}.log") for number in range(3)]
    workers = []
    for log in logs:
        with log.open("wb") as file:
            command = [sys.executable, "-c", WORKER, cellar.address]
            workers.append(
                subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env={"PYTHONPATH": source})
            )

    def written():
        return "".join(log.read_text() for log in logs)

    try:
        deadline = time.monotonic() + 80
        while written().count("Waiting for another process") < 2:
            assert time.monotonic() < deadline, written()
            time.sleep(0.05)
        Path("go").touch()
        assert [worker.wait(30) for worker in workers] == [0, 0, 0], written()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert written().count("RAN") == 1
    assert cellar.tables() == {"bottle"}


def test_a_lock_that_is_held_too_long_is_an_error_that_names_the_setting(cellar):
    cellar.with_models(bottle).run("init")
    cellar.app.config["MIGRATE_LOCK_TIMEOUT"] = 0.3
    with cellar.app.app_context():
        config = cellar.migrate.get_config()
        with one_at_a_time(config, cellar.db, sql=False):
            printed = []
            thread = threading.Thread(target=lambda: printed.append(cellar.run("upgrade", fails=True)))
            thread.start()
            thread.join()
    assert "MIGRATE_LOCK_TIMEOUT" in printed[0]
    with cellar.app.app_context():
        password = cellar.db.engine.url.password
    assert password is None or password not in printed[0]


def test_the_lock_is_given_back_when_a_migration_fails(cellar):
    cellar.with_models(bottle).run("init")
    cellar.run("migrate --rev-id aaa")
    append(
        "env.py",
        "from alembic import context\nif not context.get_x_argument():\n    raise RuntimeError('no')\n",
    )
    cellar.run("upgrade", fails=True)
    cellar.run("upgrade -x fine")


def test_only_printing_sql_takes_no_lock(small_cellar):
    small_cellar.app.config["MIGRATE_LOCK_TIMEOUT"] = 0
    small_cellar.run("init")
    small_cellar.run("revision --rev-id aaa")
    with (
        small_cellar.app.app_context(),
        one_at_a_time(small_cellar.migrate.get_config(), small_cellar.db, False),
    ):
        small_cellar.run("upgrade --sql")


@pytest.mark.parametrize("database", [None, object()], ids=["none", "without engines"])
def test_a_database_object_of_another_kind_is_not_locked(small_cellar, database):
    with small_cellar.app.app_context(), one_at_a_time(small_cellar.migrate.get_config(), database, False):
        pass


def test_a_stamp_waits_for_the_lock_as_well(small_cellar):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate --rev-id aaa")
    small_cellar.app.config["MIGRATE_LOCK_TIMEOUT"] = 0.3
    with small_cellar.app.app_context():
        config = small_cellar.migrate.get_config()
        with one_at_a_time(config, small_cellar.db, sql=False):
            printed = []
            thread = threading.Thread(
                target=lambda: printed.append(small_cellar.run("stamp head", fails=True))
            )
            thread.start()
            thread.join()
    assert "MIGRATE_LOCK_TIMEOUT" in printed[0]
