"""Topic 12: the two commands that write a migration script and apply it."""

from __future__ import annotations

import pytest
from tests.seed.project import Project, marks, names

pytestmark = marks


@names
def test_a_script_is_written_and_applied(tmp_path, command):
    project = Project(tmp_path, "topic_12_migrate", command)
    project.run("db", "init")
    # Generate a migration script
    written = project.run("db", "migrate", "-m", "Initial migration")
    assert "initial_migration.py" in written
    # Apply the migration to the database
    assert "Initial migration" in project.run("db", "upgrade")
    assert project.columns("person") == ["id", "name"]


@names
def test_without_its_folder_the_command_says_what_to_do(tmp_path, command):
    project = Project(tmp_path, "topic_12_migrate", command)
    with pytest.raises(AssertionError, match="init"):
        project.run("db", "migrate")
