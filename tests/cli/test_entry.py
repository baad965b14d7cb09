"""The command's own entry: what it adds to the command line that `demijohn.cli` offers."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

LEGACY = """
import flask

app = flask.Flask(__name__)
app.cli.command("show")(lambda: print(app.import_name, flask.Flask.__module__))
"""

#: Ways to start the command, and whether it offers what compatibility brings.
WAYS = {
    "module": (["-m", "demijohn"], True),
    "script": (["-c", "from demijohn.__main__ import main; main()"], True),
    "command line alone": (["-c", "from demijohn.cli import main; main()"], False),
}


def run(way, *arguments, cwd=None, **variables):
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "DEMIJOHN_"))
    }
    return subprocess.run(
        [sys.executable, *WAYS[way][0], *arguments],
        cwd=cwd,
        env={**environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_installed_script_is_the_entry():
    project = Path(__file__).parents[2] / "pyproject.toml"
    scripts = tomllib.loads(project.read_text())["project"]["scripts"]
    assert scripts == {"demijohn": "demijohn.__main__:main"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", [[], ["run"]])
def test_only_the_entry_offers_compatibility(way, command, tmp_path):
    done = run(way, *command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert ("--compat" in done.stdout) is WAYS[way][1]


@pytest.mark.parametrize("way", ["module", "script"])
@pytest.mark.parametrize("asked", ["option", "environment"])
def test_an_application_of_flask_is_loaded_where_compatibility_is_asked_for(way, asked, tmp_path):
    (tmp_path / "legacy.py").write_text(LEGACY)
    options, variables = (["--compat"], {}) if asked == "option" else ([], {"DEMIJOHN_COMPAT": "3.1"})
    done = run(way, *options, "--app", "legacy", "show", cwd=tmp_path, **variables)
    assert done.stdout == "legacy flask.app\n", done.stderr


def test_without_compatibility_nothing_of_it_takes_part(tmp_path):
    (tmp_path / "shop.py").write_text(
        "import sys\nfrom demijohn import Flask\napp = Flask(__name__)\n"
        "app.cli.command('show')(lambda: print('flask' in sys.modules, 'demijohn.compat.app' in sys.modules))"
    )
    assert run("module", "--app", "shop", "show", cwd=tmp_path).stdout == "False False\n"
