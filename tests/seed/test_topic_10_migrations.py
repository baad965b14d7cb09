"""Topic 10: scripts that can be applied or rolled back keep databases alike across environments."""

from __future__ import annotations

import shutil

from tests.seed.project import Project, marks, names

pytestmark = marks


@names
def test_two_environments_come_to_the_same_structure_and_back(tmp_path, command):
    (tmp_path / "here").mkdir()
    here = Project(tmp_path / "here", "topic_12_migrate", command)
    here.run("db", "init")
    here.run("db", "migrate", "-m", "Initial migration")
    here.run("db", "upgrade")
    here.change(
        "name = db.Column(db.String(80))", "name = db.Column(db.String(80)); age = db.Column(db.Integer)"
    )
    here.run("db", "migrate", "-m", "Ages")
    here.run("db", "upgrade")
    (tmp_path / "there").mkdir()
    there = Project(tmp_path / "there", "topic_12_migrate", command)
    shutil.copytree(here.folder / "migrations", there.folder / "migrations")
    there.run("db", "upgrade")
    structure = "SELECT sql FROM sqlite_master WHERE name = 'person'"
    assert here.columns("person") == there.columns("person") == ["id", "name", "age"]
    assert here.query(structure) == there.query(structure)
    there.run("db", "downgrade")
    assert there.columns("person") == ["id", "name"]
    assert here.columns("person") == ["id", "name", "age"]
