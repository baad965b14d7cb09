"""Topic 23: init, migrate, upgrade, downgrade, one command after another."""

from __future__ import annotations

from tests.seed.project import Project, marks, names

pytestmark = marks


@names
def test_the_commands_lead_from_no_folder_to_a_database_and_back(tmp_path, command):
    project = Project(tmp_path, "topic_23_migrations", command)
    project.run("db", "init")
    found = {path.name for path in (tmp_path / "migrations").iterdir()}
    assert {"README", "alembic.ini", "env.py", "script.py.mako", "versions"} <= found
    project.run("db", "migrate", "-m", "Initial migration")
    (script,) = (tmp_path / "migrations" / "versions").glob("*.py")
    assert "op.create_table('person'" in script.read_text()
    project.run("db", "upgrade")
    assert project.columns("person") == ["id", "name"]
    project.run("db", "downgrade")
    assert project.columns("person") == []
