"""What `install()` and `import flask` leave for later, and that nobody can tell: each name is there when it is asked
for, as the one object it would have been, whatever was patched, dropped or loaded in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.compat import suites
from tests.compat.test_install import INSTALL, printed

pytestmark = pytest.mark.slow  # each runs a process of its own


def loaded_by(source: str) -> set[str]:
    """The modules that a program has loaded at its end."""
    return set(json.loads(printed(f"{source}\nimport json, sys; print(json.dumps(sorted(sys.modules)))")))


# What is not imported.


def test_installing_loads_nothing_but_compatibility_itself():
    ours = {name for name in loaded_by(INSTALL) if name.startswith("demijohn")}
    assert ours <= {"demijohn", "demijohn.ext", "demijohn.later"} | {
        f"demijohn.compat{name}"
        for name in ("", ".aliases", ".distribution", ".extensions", ".kept", ".names")
    }


@pytest.mark.parametrize(
    "library", ["werkzeug", "jinja2", "click", "sqlalchemy", "granian", "asyncio", "importlib.metadata"]
)
def test_installing_does_not_load(library):
    assert library not in loaded_by(INSTALL)


def test_flasks_application_class_loads_what_the_native_one_does_and_compatibilitys_own():
    native = loaded_by("from demijohn import Flask; Flask(__name__)")
    there = loaded_by(INSTALL + "import flask; flask.Flask(__name__)")
    more = {name for name in there - native if not name.startswith(("flask", "demijohn.compat"))}
    assert more <= {"demijohn.ext", "demijohn.later", "importlib.util", "importlib._abc"}


def test_an_older_level_loads_no_room_no_command_line_and_no_server():
    there = loaded_by("import demijohn.compat; demijohn.compat.install('2.0')")
    assert not {"demijohn.cli", "demijohn.devserver", "demijohn.testing", "asyncio", "sqlalchemy"} & there


@pytest.mark.serial
def test_installing_costs_at_most_half_of_importing_flask():
    programs = {"bare": "", "install": INSTALL, "flask": "from demijohn import Flask"}
    least = dict.fromkeys(programs, float("inf"))
    for _ in range(7):
        for name, source in programs.items():
            least[name] = min(least[name], cpu_of(source))
    assert least["install"] - least["bare"] <= (least["flask"] - least["bare"]) / 2


def cpu_of(source: str) -> float:
    """CPU seconds of a process."""
    environ = {**suites.environment(), "PYTHONDONTWRITEBYTECODE": ""}
    child = subprocess.Popen([sys.executable, "-c", source], env=environ)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    assert status == 0
    return usage.ru_utime + usage.ru_stime


# What a look finds.


@pytest.mark.parametrize("look", ["vars(module)", "dir(module)", "dict(inspect.getmembers(module))"])
def test_a_full_look_at_a_module_sees_every_name(look):
    source = INSTALL + (
        "import importlib, inspect\n"
        "from demijohn.compat.names import MODULES\n"
        "for name, sources in MODULES.items():\n"
        "    module = importlib.import_module(name)\n"
        "    names = {entry.partition('=')[0] for names in sources.values() for entry in names.split()}\n"
        f"    assert not names - set({look}), (name, names - set({look}))"
    )
    printed(source)


def test_listing_names_loads_nothing():
    assert "demijohn.app" not in loaded_by(INSTALL + "import flask; assert 'Flask' in dir(flask)")


def test_what_looks_at_every_module_loads_nothing():
    # Reloaders read each module's file, the unittest library its registry of warnings, pickle a name.
    source = INSTALL + (
        "import sys\n"
        "for module in list(sys.modules.values()):\n"
        "    getattr(module, '__file__', None), getattr(module, '__warningregistry__', None), hasattr(module, 'nope')"
    )
    assert "demijohn.app" not in loaded_by(source)


def test_the_file_of_a_module_is_that_of_its_home():
    source = INSTALL + (
        "import importlib, os\n"
        "from demijohn.compat.names import MODULES\n"
        "for name, sources in MODULES.items():\n"
        "    home = next(source for source in sources if source.startswith('demijohn'))\n"
        "    file = importlib.import_module(name).__file__\n"
        "    assert os.path.samefile(file, importlib.import_module(home).__file__), (name, file)"
    )
    printed(source)


def test_names_are_there_before_their_module_is_imported():
    assert printed(INSTALL + "import flask; print(flask.testing.FlaskClient.__module__)") == "flask.testing"


# Classes.


def test_the_table_of_classes_names_the_module_that_defines_each():
    # Only so does a class get Flask's name as soon as it exists.
    source = (
        "import importlib\n"
        "from demijohn.compat.names import CLASSES\n"
        "print([own for home, modules in CLASSES.items() for names in modules.values() for own in names.split()\n"
        "       if getattr(importlib.import_module(home), own).__module__ != home])"
    )
    assert printed(source) == "[]"


@pytest.mark.parametrize("order", ["install first", "home first"])
def test_a_class_says_where_flask_has_it_as_soon_as_its_home_is_loaded(order):
    lines = [INSTALL.rstrip(), "from demijohn import Config"]
    if order == "home first":
        lines.reverse()
    assert printed("\n".join([*lines, "print(Config.__module__)"])) == "flask.config"


def test_objects_of_flasks_classes_are_pickled_by_flasks_names():
    source = INSTALL + (
        "import pickle, demijohn\n"
        "data = pickle.dumps(demijohn.Config('/', {'A': 1}))\n"
        "assert b'flask.config' in data and b'demijohn' not in data\n"
        "print(type(pickle.loads(data)) is demijohn.Config)"
    )
    assert printed(source) == "True"


# Patches.

PATCHES = INSTALL + "import sys\nfrom unittest import mock\nimport flask, flask.templating, flask.helpers\n"


def test_what_is_first_looked_at_during_a_patch_is_not_kept_patched():
    source = PATCHES + (
        "with mock.patch('flask.templating.render_template', 'patched'):\n"
        "    assert flask.render_template != 'patched'\n"
        "from demijohn.templating import render_template\n"
        "assert flask.render_template is flask.templating.render_template is render_template"
    )
    printed(source)


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("flask.signals.template_rendered", "demijohn.templating"),
        ("flask.globals.session", "demijohn.testing.client"),
    ],
)
def test_what_is_first_loaded_during_a_patch_does_not_keep_the_patch(name, home):
    source = (
        "import sys\n"
        "from unittest import mock\n" + INSTALL + "import importlib, flask.signals, flask.globals\n"
        f"assert {home!r} not in sys.modules\n"
        f"with mock.patch({name!r}, 'patched'): importlib.import_module({home!r})\n"
        "print([name for name, module in sys.modules.items() if name.startswith('demijohn')\n"
        "       and 'patched' in [v for v in vars(module).values() if isinstance(v, str)]])"
    )
    assert printed(source) == "[]"


def test_only_names_of_flask_are_in_its_modules():
    source = INSTALL + (
        "import flask.helpers\n"
        "print({n for n in dir(type(flask.helpers)) if n not in dir(type(sys)) and n[:1] != '_'})"
    )
    assert printed("import sys\n" + source) == "{'demijohn_names'}"


def test_a_name_that_nobody_looked_at_yet_is_replaced_in_its_home_too():
    source = PATCHES + (
        "flask.helpers.url_for = 'replaced'\nimport demijohn.helpers\nprint(demijohn.helpers.url_for)"
    )
    assert printed(source) == "replaced"


def test_replacing_a_name_of_flask_itself_replaces_it_there_only():
    # OpenTelemetry does, with the class.
    source = PATCHES + (
        "flask.url_for = 'replaced'\n"
        "import demijohn\n"
        "print(flask.url_for, demijohn.url_for is flask.helpers.url_for)"
    )
    assert printed(source) == "replaced True"


def test_a_deleted_name_stays_deleted_and_the_home_keeps_it():
    source = PATCHES + (
        "del flask.helpers.url_for\n"
        "import demijohn.helpers\n"
        "print(hasattr(flask.helpers, 'url_for'), 'url_for' in vars(flask.helpers), 'url_for' in dir(flask.helpers),\n"
        "      hasattr(demijohn.helpers, 'url_for'))"
    )
    assert printed(source) == "False False False True"


def test_a_name_can_be_added_and_taken_away():
    source = PATCHES + (
        "with mock.patch('flask.helpers.brand_new', 1, create=True): assert flask.helpers.brand_new == 1\n"
        "print(hasattr(flask.helpers, 'brand_new'))"
    )
    assert printed(source) == "False"


# Modules that are dropped.

DROP = (
    "import sys\n"
    "before = set(sys.modules)\n"
    "def drop():\n"
    "    for name in sys.modules.keys() - before: del sys.modules[name]\n"
)


@pytest.mark.parametrize(
    "name",
    [
        "demijohn.signals",
        "demijohn.app",
        "demijohn.testing.client",
        "flask.cli",
        "click",
        "werkzeug.wrappers",
    ],
)
def test_a_module_that_was_first_loaded_in_a_test_and_dropped_comes_back_as_the_same(name):
    source = (
        INSTALL
        + DROP
        + (
            f"import {name}, importlib\n"
            f"first = sys.modules[{name!r}]\n"
            "spec = first.__spec__\n"
            "drop()\n"
            f"assert {name!r} not in sys.modules or {name!r}.startswith('flask')\n"
            f"again = importlib.import_module({name!r})\n"
            "print(again is first, again.__spec__.name == spec.name, type(again.__loader__) is type(spec.loader))"
        )
    )
    assert printed(source) == "True True True"


def test_signals_reach_receivers_that_were_connected_before_a_drop():
    source = (
        INSTALL
        + DROP
        + (
            "from flask import Flask, request_started\n"
            "seen = []\n"
            "note = lambda sender: seen.append(sender.name)\n"
            "request_started.connect(note)\n"
            "drop()\n"
            "from flask import Flask as again\n"
            "assert again is Flask\n"
            "again('app').test_client().get('/')\n"
            "print(seen)"
        )
    )
    assert printed(source) == "['app']"


def test_a_module_dropped_before_the_install_comes_back_as_the_same():
    source = (
        "import demijohn.signals as first\n"
        + INSTALL
        + (
            "import sys, importlib\n"
            "del sys.modules['demijohn.signals']\n"
            "print(importlib.import_module('demijohn.signals') is first)"
        )
    )
    assert printed(source) == "True"


def test_a_module_of_ours_can_still_be_loaded_anew_on_purpose():
    source = INSTALL + (
        "import importlib, demijohn.signals as signals\n"
        "before = signals.request_started\n"
        "assert importlib.reload(signals) is signals\n"
        "print(signals.request_started is before)"
    )
    assert printed(source) == "False"


def test_modules_of_others_are_loaded_anew_as_ever(tmp_path):
    (tmp_path / "legacy.py").write_text("from flask import Flask")
    source = INSTALL + DROP + "import legacy\nfirst = legacy\ndrop()\nimport legacy\nprint(legacy is first)"
    assert printed(source, cwd=tmp_path) == "False"


def test_a_served_application_is_loaded_anew_with_each_import_of_the_server_module(tmp_path):
    (tmp_path / "legacy.py").write_text("from flask import Flask\napp = Flask('legacy')")
    source = (
        INSTALL
        + DROP
        + (
            "import os\n"
            "os.environ['DEMIJOHN_APP'] = 'legacy:app'\n"
            "from demijohn.compat.served import app as first\n"
            "drop()\n"
            "from demijohn.compat.served import app\n"
            "print(app is first)"
        )
    )
    assert printed(source, cwd=tmp_path) == "False"


@pytest.mark.parametrize("module", ["demijohn", "werkzeug.serving"])
def test_modules_that_are_kept_can_be_run(module):
    done = subprocess.run(
        [sys.executable, "-m", "demijohn.compat", "-m", module, "--help"],
        env=suites.environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_data_of_kept_packages_is_found():
    source = INSTALL + (
        "import importlib.resources, importlib.util, inspect, werkzeug.debug, demijohn.signals\n"
        "assert importlib.resources.files('werkzeug.debug').joinpath('shared/style.css').is_file()\n"
        "assert importlib.util.find_spec('jinja2.sandbox').loader.get_source('jinja2.sandbox')\n"
        "assert 'request_started' in inspect.getsource(demijohn.signals)"
    )
    printed(source)
