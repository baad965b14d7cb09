"""Topic 19, d: versions of an API side by side, as resources."""

from __future__ import annotations

import pytest
from tests.seed.project import Project, names

SAMPLE = "topic_19_resources"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_version_has_a_resource(visit, version):
    assert visit.get(f"/{version}/users").json == ["by resource", version]


@pytest.mark.slow
@names
def test_versions_run_by_the_names_that_are_printed(tmp_path, command):
    project = Project(tmp_path, SAMPLE, command)
    imported = "import demijohn.compat; demijohn.compat.install()\n" if command == "flask" else ""
    program = f"{imported}from topic import app\nprint(app.test_client().get('/v2/users').json)\n"
    assert project.run_file(program) == "['by resource', 'v2']\n"
