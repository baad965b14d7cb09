"""Beside a library that is too old for a room: nobody who does not ask for the room meets it, and who asks gets the
installed extension or is told."""

from __future__ import annotations

import pytest
from tests.compat.test_install import INSTALL, printed, python

pytestmark = pytest.mark.slow  # each runs a process of its own

TOO_OLD = "sqlalchemy 2.0.23 is installed, and 2.0.40 or later is needed"


@pytest.fixture
def beside(tmp_path):
    """A function that installs a library in a version, which fails when it is imported."""

    def install(name, version):
        (tmp_path / f"{name}.py").write_text(f"raise AssertionError('{name} is imported')")
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    install("sqlalchemy", "2.0.23")
    return install


@pytest.mark.parametrize("extensions", ["False", "True", "['flask_login']"])
def test_an_application_without_a_database_does_not_meet_it(beside, tmp_path, extensions):
    source = (
        f"import demijohn.compat; demijohn.compat.install(extensions={extensions})\n"
        "import flask, flask.cli, flask.testing\n"
        "app = flask.Flask(__name__)\n"
        "app.add_url_rule('/', 'index', lambda: 'there')\n"
        "print(app.test_client().get('/').text)"
    )
    assert printed(source, cwd=tmp_path) == "there"


@pytest.mark.parametrize("name", ["flask_sqlalchemy", "flask_migrate"])
def test_the_installed_extension_is_taken_with_one_warning(beside, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("kept = True")
    (tmp_path / name / "part.py").write_text("")
    done = python(INSTALL + f"import {name}, {name}.part\nprint({name}.kept)", "-W", "always", cwd=tmp_path)
    assert done.stdout == "True\n", done.stderr
    assert done.stderr.count(TOO_OLD) == 1
    assert f"<string>:2: UserWarning: The installed {name}" in done.stderr


def test_the_version_told_is_that_of_the_extension_that_is_taken(beside, tmp_path):
    beside("flask_sqlalchemy", "3.0.5")
    (tmp_path / "flask_sqlalchemy.py").write_text("")
    source = INSTALL + (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import flask_sqlalchemy, importlib.metadata\n"
        "print(importlib.metadata.version('flask-sqlalchemy'))"
    )
    assert printed(source, cwd=tmp_path) == "3.0.5"


def test_without_an_installed_extension_the_error_says_what_is_needed(beside, tmp_path):
    source = INSTALL + (
        "for _ in range(2):\n    try: import flask_sqlalchemy\n    except ImportError as e: print(e)"
    )
    first, second = printed(source, cwd=tmp_path).splitlines()
    assert first == second
    assert TOO_OLD in first
    assert "flask_sqlalchemy" in first


def test_a_library_that_is_recent_enough_brings_the_room():
    source = INSTALL + "import flask_sqlalchemy, flask_migrate\nprint(flask_sqlalchemy.__name__)"
    assert printed(source) == "demijohn.ext.database"
