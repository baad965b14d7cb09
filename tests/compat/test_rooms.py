"""The suites of extensions over the rooms that stand in for them: no test fails that passes on the original.

Here `flask_sqlalchemy`, `flask_migrate`, `flask_login` and `flask_uploads` are aliases of this package's rooms;
`test_peers` runs the originals on this package's core.
"""

from __future__ import annotations

import os

import pytest
from tests.compat import peers, suites

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

ROOMS = ("flask-sqlalchemy", "flask-migrate", "flask-login", "flask-reuploaded")
#: The import name, where it is not the distribution's.
IMPORTED = {"flask-reuploaded": "flask_uploads"}


@pytest.fixture(scope="module")
def python(sources):
    return peers.make_environment(sources / "peers")


@pytest.fixture
def path(python, tmp_path):
    """For each side, a PATH on which `flask` is its own command."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "flask"
    command.write_text(f'#!/bin/sh\nexec "{python}" -m demijohn.compat -m flask "$@"\n')
    command.chmod(0o755)
    theirs = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return {"original": theirs, "room": f"{command.parent}{os.pathsep}{theirs}"}


@pytest.mark.parametrize("name", ROOMS)
def test_no_test_fails_on_the_room_that_passes_on_the_original(name, sources, python, path, tmp_path):
    suite = next(suite for suite in peers.SUITES if suite.name == name)
    source = suites.fetch(suite.requirement, sources)
    options = ["-o", "addopts=", "--continue-on-collection-errors", "--timeout=120", suite.tests]
    passed, outputs = {}, {}
    for side, plugin in {"original": [], "room": ["-p", "demijohn.compat.pytest"]}.items():
        folder = suites.copy(source, tmp_path / side, suite.tests, *suite.files)
        found, outputs[side] = suites.run(
            folder,
            *plugin,
            *options,
            python=str(python),
            timeout=1200,
            PATH=path[side],
            DEMIJOHN_COMPAT_EXTENSIONS=IMPORTED.get(name, name.replace("-", "_")),
        )
        passed[side] = suites.named(found, "passed")
        print(f"{name}, {side}: {len(passed[side])} of {len(found)} passed")
    assert passed["original"], outputs["original"]
    assert passed["original"] - passed["room"] == set(), outputs["room"]
