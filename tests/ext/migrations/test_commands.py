"""The command group `db`, from the first revision to its removal, on every kind of database."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from tests.ext.migrations.conftest import append, bottle, cork, wide_bottle

from demijohn.ext.migrations import Config, alembic_version, upgrade


def test_the_way_of_a_model_into_the_database_and_out(cellar):
    """The commands of the seed's topics 12 and 23."""
    cellar.with_models(bottle)
    assert "env.py" in cellar.run("init")
    assert "Detected added table 'bottle'" in cellar.run("migrate -m Bottles")
    assert cellar.tables() == set()
    cellar.run("upgrade")
    assert cellar.tables() == {"bottle"}
    assert "(head)" in cellar.run("current")
    cellar.run("downgrade")
    assert cellar.tables() == set()


def test_a_column_is_added_and_a_type_changed_with_the_rows_kept(cellar):
    cellar.with_models(bottle).run("init")
    cellar.run("migrate")
    cellar.run("upgrade")
    cellar.execute("INSERT INTO bottle (id, label) VALUES (1, 'Nectar')")
    cellar.with_models(wide_bottle)
    written = cellar.run("migrate -m Wider")
    assert "Detected added column 'bottle.year'" in written
    assert "Detected type change from VARCHAR(length=50)" in written
    assert "has rows" not in cellar.run("upgrade")
    with cellar.app.app_context():
        row = cellar.db.session.execute(cellar.db.text("SELECT label, year FROM bottle")).one()
    assert tuple(row) == ("Nectar", None)


def test_check_fails_while_models_and_database_differ(cellar):
    cellar.with_models(bottle).run("init")
    assert "The models differ from the database" in cellar.run("check", fails=True)
    cellar.run("migrate")
    cellar.run("upgrade")
    assert "No new upgrade operations detected" in cellar.run("check")


def test_no_revision_is_written_without_a_change(small_cellar):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate")
    small_cellar.run("upgrade")
    assert "No changes in schema detected." in small_cellar.run("migrate")
    assert len(small_cellar.revisions()) == 1


@pytest.mark.parametrize("template", ["flask-multidb", "aioflask-multidb"])
def test_several_databases_have_functions_of_their_own(make_cellar, address, tmp_path, template):
    binds = {"corks": f"sqlite:///{tmp_path / 'corks.db'}"}
    cellar = make_cellar(address, binds=binds).with_models(bottle, cork)
    cellar.run(f"init -t {template}")
    cellar.run("migrate")
    assert "def upgrade_corks():" in cellar.revisions()[0]
    assert "Migrating database corks" in cellar.run("upgrade")
    assert (cellar.tables(), cellar.tables("corks")) == ({"bottle"}, {"cork"})
    cellar.run("downgrade")
    assert (cellar.tables(), cellar.tables("corks")) == (set(), set())


def test_the_short_option_for_several_databases(small_cellar):
    small_cellar.run("init --multidb")
    assert "multidb=True" in Path("migrations/env.py").read_text()


def test_an_async_folder_does_the_same(cellar):
    cellar.with_models(bottle).run("init -t aioflask")
    cellar.run("migrate")
    cellar.run("upgrade")
    assert cellar.tables() == {"bottle"}


def test_the_sql_of_an_upgrade_is_printed_and_not_run(cellar):
    cellar.with_models(bottle).run("init")
    cellar.run("migrate")
    assert "CREATE TABLE bottle" in cellar.run("upgrade --sql")
    assert cellar.tables() == set()


def test_the_sql_of_a_downgrade(small_cellar):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate")
    small_cellar.run("upgrade")
    assert "DROP TABLE bottle" in small_cellar.run("downgrade --sql")


def test_the_sql_of_several_databases(make_cellar, tmp_path):
    binds = {"corks": f"sqlite:///{tmp_path / 'corks.db'}"}
    cellar = make_cellar(f"sqlite:///{tmp_path / 'a.db'}", binds=binds).with_models(bottle, cork)
    cellar.run("init --multidb")
    cellar.run("migrate")
    printed = cellar.run("upgrade --sql")
    first, second = printed.index("-- Database: <default>"), printed.index("-- Database: corks")
    assert first < printed.index("CREATE TABLE bottle") < second < printed.index("CREATE TABLE cork")


def test_a_revision_written_by_hand(small_cellar):
    small_cellar.run("init")
    small_cellar.run("revision -m First --rev-id aaa")
    small_cellar.run("revision -m Second --rev-id bbb")
    assert "bbb (head)" in small_cellar.run("heads")
    assert "First" in small_cellar.run("show aaa")
    assert small_cellar.run("history").index("Second") < small_cellar.run("history").index("First")
    assert "Second" not in small_cellar.run("history -r base:aaa")


def test_branches_are_shown_and_merged(small_cellar):
    small_cellar.run("init")
    small_cellar.run("revision --rev-id aaa")
    small_cellar.run("revision --rev-id bbb --head aaa")
    small_cellar.run("revision --rev-id ccc --head aaa --splice --branch-label side")
    assert "aaa (branchpoint)" in small_cellar.run("branches")
    assert "side" in small_cellar.run("heads -v")
    small_cellar.run("merge -m Joined --rev-id ddd bbb ccc")
    assert small_cellar.run("heads") == "ddd (side) (head)\n"


def test_a_stamp_moves_without_running(small_cellar):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate --rev-id aaa")
    small_cellar.run("stamp aaa")
    assert "aaa (head)" in small_cellar.run("current")
    assert small_cellar.tables() == set()
    small_cellar.run("stamp --purge base")
    assert "aaa" not in small_cellar.run("current")


def test_an_editor_is_opened(small_cellar, monkeypatch, tmp_path):
    small_cellar.run("init")
    small_cellar.run("revision --rev-id aaa")
    # One of the test's own: a machine may have no editor, nor the script of Debian's that starts any command.
    editor = tmp_path / "own-editor"
    editor.write_text(f"""#!{sys.executable}
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text(file.read_text().replace("pass", "...,"))
""")
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    small_cellar.run("edit aaa")
    assert "...," in small_cellar.revisions()[0]


def test_templates_are_listed(small_cellar):
    printed = small_cellar.run("list-templates")
    for name in ("flask", "flask-multidb", "aioflask", "aioflask-multidb"):
        assert f"{name} - " in printed


def test_a_template_of_ones_own(small_cellar, tmp_path):
    own = tmp_path / "templates" / "mine"
    own.mkdir(parents=True)
    for name in ("alembic.ini.mako", "env.py", "script.py.mako"):
        (own / name).write_text("# mine\n")
    small_cellar.run(f"init -t {own}")
    assert Path("migrations/env.py").read_text() == "# mine\n"


def test_an_unknown_template_is_an_error(small_cellar):
    assert "No such template" in small_cellar.run("init -t nothing", fails=True)


def test_the_folder_may_be_a_package(small_cellar):
    small_cellar.run("init --package")
    assert Path("migrations/versions/__init__.py").exists()


def test_the_folder_can_be_chosen_by_option_and_by_the_object(make_cellar, tmp_path):
    cellar = make_cellar(f"sqlite:///{tmp_path / 'a.db'}", directory=Path("own")).with_models(bottle)
    cellar.run("init")
    cellar.run("init -d other")
    result = cellar.app.test_cli_runner().invoke(args=["db", "-d", "third", "init"])
    assert (result.exit_code, *(Path(name, "env.py").exists() for name in ("own", "other", "third"))) == (
        0,
        1,
        1,
        1,
    )


def test_arguments_reach_env_py(small_cellar):
    small_cellar.run("init")
    append("env.py", "from alembic import context\nprint(context.get_x_argument())\n")
    small_cellar.run("revision --rev-id aaa")
    assert "['tenant=a', 'dry']" in small_cellar.run("upgrade -x tenant=a -x dry")
    shared = small_cellar.app.test_cli_runner().invoke(args=["db", "-x", "tenant=b", "upgrade"])
    assert "['tenant=b']" in shared.output


def test_an_error_of_use_is_one_line_and_status_1(small_cellar):
    small_cellar.run("init")
    printed = small_cellar.run("upgrade nowhere", fails=True)
    assert "Error: Can't locate revision identified by 'nowhere'" in printed
    assert "Traceback" not in printed


def test_the_name_of_the_group_can_be_chosen(make_cellar, tmp_path):
    cellar = make_cellar(f"sqlite:///{tmp_path / 'a.db'}", command="database")
    assert cellar.app.test_cli_runner().invoke(args=["database", "init"]).exit_code == 0


def test_the_configuration_can_be_changed_by_a_function(small_cellar):
    @small_cellar.migrate.configure
    def change(config: Config) -> Config:
        config.set_main_option("file_template", "changed_%%(rev)s")
        return config

    small_cellar.run("init")
    small_cellar.run("revision --rev-id aaa")
    assert Path("migrations/versions/changed_aaa.py").exists()


def test_options_of_alembic_are_passed_on(make_cellar, tmp_path):
    cellar = make_cellar(
        f"sqlite:///{tmp_path / 'a.db'}", include_object=lambda item, name, *rest: name != "bottle"
    ).with_models(bottle)
    cellar.run("init")
    assert "No changes in schema detected." in cellar.run("migrate")


def test_the_commands_are_functions_too(small_cellar):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate")
    with small_cellar.app.app_context():
        upgrade()
    assert small_cellar.tables() == {"bottle"}


def test_the_settings_of_later_registrations_win(small_cellar):
    small_cellar.migrate.init_app(small_cellar.app, compare_type=False, version_table="own_versions")
    registered = small_cellar.app.extensions["migrate"]
    assert registered.configure_args["compare_type"] is False
    assert registered.configure_args["version_table"] == "own_versions"
    assert (registered.db, registered.directory) == (small_cellar.db, "migrations")
    assert registered.metadata is small_cellar.db.metadata


def test_the_version_of_alembic_is_three_numbers():
    assert len(alembic_version) == 3
    assert all(isinstance(part, int) for part in alembic_version)


@pytest.mark.parametrize("template", ["flask-multidb", "aioflask-multidb"])
def test_there_need_be_no_default_database(make_cellar, tmp_path, template):
    binds = {"corks": f"sqlite:///{tmp_path / 'corks.db'}"}
    cellar = make_cellar(None, binds=binds).with_models(cork)
    cellar.run(f"init -t {template}")
    cellar.run("migrate")
    assert "def upgrade_corks():" in cellar.revisions()[0]
    assert "def upgrade_():" not in cellar.revisions()[0]
    assert "-- Database: corks" in cellar.run("upgrade --sql")
    cellar.run("upgrade")
    assert cellar.tables("corks") == {"cork"}
    cellar.run("downgrade")
    assert cellar.tables("corks") == set()


def test_a_folder_for_one_database_says_what_to_do_without_a_default(make_cellar, tmp_path):
    cellar = make_cellar(None, binds={"corks": f"sqlite:///{tmp_path / 'corks.db'}"}).with_models(cork)
    cellar.run("init")
    assert "db init --multidb" in cellar.run("migrate", fails=True)


OLD_SETUP = """
from logging.config import fileConfig
from alembic import context
fileConfig(context.config.config_file_name)
"""


@pytest.mark.parametrize("old_folder", [False, True])
def test_an_upgrade_in_process_leaves_logging_as_it_was(small_cellar, old_folder):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate")
    if old_folder:
        env = Path("migrations/env.py")
        env.write_text(OLD_SETUP + env.read_text())
    root, own = logging.getLogger(), logging.getLogger("cellar.orders")
    handler = logging.NullHandler()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    handlers = root.handlers[:]
    with small_cellar.app.app_context():
        upgrade()
    assert (root.level, root.handlers) == (logging.INFO, handlers)
    assert own.isEnabledFor(logging.INFO)
    assert not own.disabled
    assert small_cellar.tables() == {"bottle"}


def test_on_the_command_line_alembics_lines_are_seen(small_cellar):
    small_cellar.with_models(bottle).run("init")
    small_cellar.run("migrate")
    assert "Running upgrade  -> " in small_cellar.run("upgrade")
