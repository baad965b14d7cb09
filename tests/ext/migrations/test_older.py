"""A folder that Flask-Migrate made works untouched: its files import `flask`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.ext.migrations.conftest import append, bottle

ENV = """
from logging.config import fileConfig
from alembic import context
from flask import current_app

fileConfig(context.config.config_file_name)
db = current_app.extensions["migrate"].db
try:
    engine = db.get_engine(bind=None)
except (TypeError, AttributeError):
    engine = db.engine
context.config.set_main_option("sqlalchemy.url", str(engine.url).replace("%", "%%"))
with engine.connect() as connection:
    arguments = current_app.extensions["migrate"].configure_args
    context.configure(connection=connection, target_metadata=db.metadatas[None], **arguments)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def older(small_cellar):
    """An application whose folder is an old one."""
    small_cellar.with_models(bottle).run("init")
    Path("migrations/env.py").write_text(ENV)
    script = Path("migrations/script.py.mako")
    script.write_text("<%! from flask import current_app %>" + script.read_text())
    return small_cellar


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")
def test_all_commands_work_on_an_old_folder(older):
    older.run("migrate")
    older.run("upgrade")
    assert older.tables() == {"bottle"}
    assert "(head)" in older.run("current")
    older.run("downgrade")
    assert older.tables() == set()


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")
def test_what_flask_means_elsewhere_is_put_back(older, monkeypatch):
    real = object()
    monkeypatch.setitem(sys.modules, "flask", real)
    older.run("migrate")
    assert sys.modules["flask"] is real


@pytest.mark.filterwarnings("ignore:'get_engine' is deprecated")
def test_without_flask_there_is_none_afterwards(older, monkeypatch):
    monkeypatch.delitem(sys.modules, "flask", raising=False)
    older.run("migrate")
    assert "flask" not in sys.modules


def test_a_new_folder_does_not_touch_flask(small_cellar, monkeypatch):
    monkeypatch.delitem(sys.modules, "flask", raising=False)
    small_cellar.run("init")
    append("env.py", "import sys\nprint('flask' in sys.modules)\n")
    small_cellar.run("revision")
    assert "False" in small_cellar.run("current")
