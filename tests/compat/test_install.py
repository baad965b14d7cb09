"""`install()`: what resolves to this package then, what is refused, and the ways in that need no edit."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.compat import suites

from demijohn.compat import extensions
from demijohn.compat.names import MODULES

pytestmark = pytest.mark.slow  # each runs a process of its own

INSTALL = "import demijohn.compat; demijohn.compat.install()\n"


def python(
    source: str, *arguments: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments, "-c", source],
        cwd=cwd,
        env=suites.environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def printed(source: str, *arguments: str, **options) -> str:
    done = python(source, *arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_flask_and_every_submodule_are_modules_of_their_own_name():
    source = INSTALL + (
        "import sys, importlib, json\n"
        f"names = {sorted(MODULES)!r}\n"
        "print(json.dumps([importlib.import_module(n).__name__ for n in names]))"
    )
    assert json.loads(printed(source)) == sorted(MODULES)


def test_a_name_is_one_object_wherever_it_is_imported_from():
    source = INSTALL + (
        "import flask, flask.app, flask.signals, flask.helpers, flask.sansio.app, demijohn, demijohn.signals\n"
        "assert flask.Flask is flask.app.Flask\n"
        "assert flask.request_started is flask.signals.request_started is demijohn.signals.request_started\n"
        "assert flask.url_for is demijohn.url_for\n"
        "assert issubclass(flask.Flask, flask.sansio.app.App)\n"
    )
    printed(source)


def test_a_module_that_is_dropped_comes_back_as_the_same():
    source = INSTALL + (
        "import sys, flask.signals, importlib\n"
        "before = flask.signals\n"
        "for name in [n for n in sys.modules if n.partition('.')[0] == 'flask']: del sys.modules[name]\n"
        "import flask.signals\n"
        "assert flask.signals is before\n"
        "assert importlib.reload(flask.signals) is before\n"
    )
    printed(source)


def test_the_distribution_answers_with_the_release_whose_behaviour_is_given():
    source = INSTALL + (
        "import importlib.metadata as m\n"
        "print(m.version('flask'), m.distribution('Flask').metadata['Name'],\n"
        "      [d.version for d in m.distributions() if (d.metadata['Name'] or '').lower() == 'flask'][0])"
    )
    assert printed(source) == "3.1.3 Flask 3.1.3"


def test_the_distribution_of_an_extension_answers_where_a_room_takes_its_place():
    # Flask-AppBuilder asks which Flask-SQLAlchemy there is.
    source = INSTALL + (
        "import importlib.metadata as m, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "import flask_sqlalchemy, flask_login\n"
        "print(m.version('flask-sqlalchemy') == flask_sqlalchemy.__version__,\n"
        "      m.version('Flask_Login') == flask_login.__version__, m.version('flask.migrate'))"
    )
    assert printed(source) == "True True 4.1.0"


def test_the_distribution_of_an_extension_that_is_kept_is_the_installed_one():
    source = (
        "import demijohn.compat; demijohn.compat.install(extensions=['flask_login'])\n"
        "import importlib.metadata as m\n"
        "from demijohn.compat.stated import StatedDistribution as S\n"
        "print([d.metadata['Name'] for d in m.distributions() if isinstance(d, S)])"
    )
    assert printed(source) == "['Flask', 'Flask-Login']"


def test_the_version_attribute_warns_as_flasks_does():
    source = INSTALL + "import flask; print(flask.__version__)"
    assert "DeprecationWarning" in python(source, "-W", "error").stderr


def test_star_import_gives_flasks_names():
    printed(INSTALL + "from flask import *\nFlask, request, render_template, session, g, Blueprint, jsonify")


def test_installing_twice_is_harmless_and_at_another_level_an_error():
    source = INSTALL + (
        "demijohn.compat.install()\n"
        "assert demijohn.compat.installed_level() == '3.1'\n"
        "try: demijohn.compat.install('2.2')\n"
        "except ValueError as e: print(e)"
    )
    assert "cannot be changed to '2.2'" in printed(source)


def test_a_flask_that_was_imported_before_is_refused(tmp_path):
    (tmp_path / "flask.py").write_text("class Flask: pass")
    done = python("import flask\n" + INSTALL, cwd=tmp_path)
    assert done.returncode == 1
    assert "'flask' is already imported" in done.stderr
    assert "before anything imports flask" in done.stderr.replace("\n", " ")


def test_an_installed_flask_is_not_what_is_imported(tmp_path):
    (tmp_path / "flask.py").write_text("raise SystemExit('the installed one')")
    assert printed(INSTALL + "import flask; print(flask.Flask(__name__).compat_level)", cwd=tmp_path) == "3.1"


def test_an_unknown_level_or_extension_is_an_error_that_lists_what_there_is():
    # In a process of its own: what is installed stays so for the whole of one.
    source = (
        "import demijohn.compat as compat\n"
        "for given in ({'level': '1.0'}, {'extensions': ['flask_unheard_of']}):\n"
        "    try: compat.install(**given)\n"
        "    except ValueError as e: print(e)\n"
        "print(compat.installed_level())"
    )
    level, extension, installed = printed(source).splitlines()
    assert "'3.1' or '2.2'" in level
    assert "nothing in the place of flask_unheard_of" in extension
    assert installed == "None"


def test_an_import_of_what_flask_does_not_have_fails_as_ever():
    assert "No module named 'flask.nope'" in python(INSTALL + "import flask.nope").stderr
    assert "cannot import name 'nope' from 'flask'" in python(INSTALL + "from flask import nope").stderr


def test_replacing_a_name_of_a_submodule_replaces_it_where_it_is_used():
    source = INSTALL + (
        "import flask.templating\n"
        "from unittest import mock\n"
        "with flask.Flask(__name__).app_context():\n"
        "    with mock.patch('flask.templating._render', return_value='patched'):\n"
        "        print(flask.render_template_string('x'))\n"
        "    print(flask.render_template_string('x'))\n"
    )
    assert printed(source).split() == ["patched", "x"]


# Extensions.


def rooms() -> list[str]:
    return [name for name, room in extensions.ROOMS.items() if extensions.exists(room)]


@pytest.mark.parametrize("name", rooms())
def test_an_extension_that_is_a_room_is_imported_from_there(name):
    room = extensions.ROOMS[name]
    assert (
        printed(INSTALL + f"import {name}, {room}; print({name} is {room}, {name}.__name__)")
        == f"True {room}"
    )


@pytest.mark.parametrize("name", rooms()[:1])
def test_the_installed_extension_is_kept_on_request(name, tmp_path):
    (tmp_path / f"{name}.py").write_text("kept = True")
    source = f"import demijohn.compat; demijohn.compat.install(extensions=False)\nimport {name}; print({name}.kept)"
    assert printed(source, cwd=tmp_path) == "True"


def test_extensions_that_are_no_rooms_are_the_installed_ones(tmp_path):
    (tmp_path / "flask_unheard_of.py").write_text("from flask import current_app as app")
    assert (
        printed(INSTALL + "import flask_unheard_of; print(bool(flask_unheard_of.app))", cwd=tmp_path)
        == "False"
    )


# Older levels.


def test_an_older_level_brings_names_back_and_says_what_replaces_them():
    source = (
        "import demijohn.compat; demijohn.compat.install('2.2')\n"
        "from flask import Markup, escape, _request_ctx_stack\n"
        "from flask.json import JSONEncoder\n"
        "from werkzeug.urls import url_quote, url_parse, url_encode\n"
        "assert _request_ctx_stack.top is None\n"
        "print(url_quote('a b'), url_parse('http://h:8/p?q').port, url_encode({'a': [1, 2]}), escape('<'))"
    )
    done = python(source, "-W", "always")
    assert done.stdout.strip() == "a%20b 8 a=1&a=2 &lt;"
    assert "'flask.Markup' was removed. Use markupsafe.Markup instead." in done.stderr
    assert "'werkzeug.urls.url_quote' was removed. Use urllib.parse.quote instead." in done.stderr


def test_what_flask_had_for_python_2_is_there_at_an_older_level():
    # Flask-Script imports it.
    source = (
        "import demijohn.compat; demijohn.compat.install('2.2')\n"
        "from flask._compat import text_type, iteritems, reraise\n"
        "print(text_type is str, list(iteritems({'a': 1})))\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError as e: reraise(type(e), e, e.__traceback__)"
    )
    done = python(source, "-W", "always")
    assert done.stdout.strip() == "True [('a', 1)]"
    assert "'flask._compat.text_type' was removed. Use str instead." in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_extensions_have_their_names_of_before_flask_1_at_an_older_level(tmp_path):
    package = tmp_path / "flask_unheard_of"
    package.mkdir()
    (package / "__init__.py").write_text("name = __name__")
    (package / "part.py").write_text("part = __name__")
    source = (
        "import demijohn.compat; demijohn.compat.install('2.2')\n"
        "from flask.ext.unheard_of.part import part\n"
        "import flask.ext.unheard_of as extension, flask_unheard_of\n"
        "from flask.ext import login\n"
        "print(extension is flask_unheard_of, extension.__name__, part, login.LoginManager.__name__)\n"
        "import flask.ext.absent"
    )
    done = python(source, "-W", "always", cwd=tmp_path)
    assert done.stdout.strip() == "True flask_unheard_of flask_unheard_of.part LoginManager"
    assert "'flask.ext.unheard_of' was removed. Use flask_unheard_of instead." in done.stderr
    assert "No module named 'flask.ext.absent'" in done.stderr


def test_a_cookie_may_be_bytes_at_an_older_level():
    source = (
        "import demijohn.compat; demijohn.compat.install('2.2')\n"
        "import flask\n"
        "response = flask.Response()\n"
        "response.set_cookie('id', b'signed.value')\n"
        "print(response.headers['Set-Cookie'])"
    )
    assert printed(source) == "id=signed.value; Path=/"


def test_names_of_older_releases_are_absent_otherwise():
    assert "cannot import name 'Markup'" in python(INSTALL + "from flask import Markup").stderr


def test_before_first_request_runs_once_before_the_first_request():
    source = (
        "import demijohn.compat; demijohn.compat.install('2.2')\n"
        "import flask\n"
        "app, calls = flask.Flask(__name__), []\n"
        "app.before_first_request(lambda: calls.append(flask.request.path))\n"
        "app.add_url_rule('/<x>', 'x', lambda x: x)\n"
        "client = app.test_client()\n"
        "client.get('/one'), client.get('/two')\n"
        "print(calls)"
    )
    assert printed(source, "-W", "ignore") == "['/one']"


@pytest.mark.parametrize(("level", "location"), [("2.2", "/there"), ("2.0", "http://localhost/there")])
def test_a_redirect_names_scheme_and_host_at_level_two(level, location):
    source = (
        f"import demijohn.compat; demijohn.compat.install({level!r})\n"
        "import flask\n"
        "app = flask.Flask(__name__)\n"
        "app.add_url_rule('/', 'i', lambda: flask.redirect('/there'))\n"
        "print({app.test_client(protocol=p).get('/').headers['Location'] for p in ('wsgi', 'asgi', 'rsgi')})"
    )
    assert printed(source) == str({location})


@pytest.mark.parametrize(("level", "quality", "status"), [("2.2", 0, 500), ("2.0", 0.5, 304)])
def test_qualities_and_the_aborter_are_those_of_the_release_at_level_two(level, quality, status):
    source = (
        f"import demijohn.compat; demijohn.compat.install({level!r})\n"
        "import flask, werkzeug.exceptions as e\n"
        "class NotModified(e.HTTPException): code = 304\n"
        "e._aborter.mapping[304] = NotModified\n"
        "app = flask.Flask(__name__)\n"
        "app.add_url_rule('/q', 'q', lambda: str(flask.request.accept_mimetypes['text/html']))\n"
        "app.add_url_rule('/a', 'a', lambda: flask.abort(304))\n"
        "client = app.test_client()\n"
        "answer = client.get('/q', headers={'Accept': 'text/html; q=.5'})\n"
        "print(float(answer.text), client.get('/a').status_code)"
    )
    done = python(source)
    assert done.stdout == f"{float(quality)} {status}\n", done.stderr


BESIDE = """
import flask, demijohn
from demijohn import redirect, request, make_response
def bytes_in_a_cookie():
    response = make_response("set")
    response.set_cookie("a", b"b")
    return response
def answers(app):
    app.add_url_rule("/", "i", lambda: redirect("/there"))
    app.add_url_rule("/json", "j", lambda: str(request.json), methods=["POST"])
    app.add_url_rule("/cookie", "c", bytes_in_a_cookie)
    client = app.test_client()
    posted, cookie = client.post("/json", data={"a": 1}), client.get("/cookie")
    return client.get("/").headers["Location"], posted.status_code, cookie.status_code
print(answers(flask.Flask(__name__)), answers(demijohn.Flask(__name__)))
"""


def test_a_native_application_beside_one_of_level_two_answers_as_ever():
    done = python(f"import demijohn.compat; demijohn.compat.install('2.0')\n{BESIDE}")
    assert done.stdout == "('http://localhost/there', 200, 200) ('/there', 415, 500)\n", done.stderr


@pytest.mark.parametrize(("level", "value"), [("3.1", "Zo\xc3\xab"), ("2.2", "Zo\xeb"), ("2.0", "Zo\xeb")])
def test_a_cookie_in_utf_8_is_read_as_werkzeug_did_then(level, value):
    source = (
        f"import demijohn.compat; demijohn.compat.install({level!r})\n"
        "import flask\n"
        "app = flask.Flask(__name__)\n"
        "app.add_url_rule('/', 'i', lambda: ascii(flask.request.cookies['name']))\n"
        "client = app.test_client(use_cookies=False)\n"
        "print(client.get('/', headers={'Cookie': 'name=Zo\\xc3\\xab'}).text)"
    )
    assert printed(source) == ascii(value)


LATE = """
import flask
bp = flask.Blueprint("bp", __name__)
bp.add_url_rule("/", "i", lambda: "seen")
def create_app():
    app = flask.Flask(__name__)
    app.register_blueprint(bp)
    return app
def mark(response):
    response.headers["X-Late"] = "yes"
    return response
first = create_app()
bp.after_request(mark)
print(create_app().test_client().get("/").headers.get("X-Late"))
client = first.test_client()
print(client.get("/").headers.get("X-Late"))
first.after_request(mark)
first.add_url_rule("/late", "late", lambda: "late")
print(client.get("/late").headers.get("X-Late"), client.get("/late").text)
"""


@pytest.mark.parametrize("level", ["2.0", "2.2"])
def test_at_older_levels_what_is_registered_late_is_done_with_a_warning(level):
    done = python(f"import demijohn.compat; demijohn.compat.install({level!r})\n{LATE}", "-W", "always")
    assert done.stdout.split("\n") == ["yes", "None", "yes late", ""]
    assert "can no longer be called on the blueprint 'bp'" in done.stderr
    assert "can no longer be called on the application" in done.stderr


def test_at_todays_level_it_is_an_error():
    assert "LateRegistration: The setup method 'after_request'" in python(INSTALL + LATE).stderr


def test_json_encoder_of_an_application_is_used():
    source = (
        "import demijohn.compat; demijohn.compat.install('2.2')\n"
        "import flask\n"
        "from flask.json import JSONEncoder\n"
        "class Sets(JSONEncoder):\n"
        "    def default(self, o):\n"
        "        return sorted(o) if isinstance(o, set) else super().default(o)\n"
        "app = flask.Flask(__name__)\n"
        "app.json_encoder = Sets\n"
        "with app.app_context(): print(flask.json.dumps({'a': {2, 1}}))"
    )
    assert printed(source, "-W", "ignore") == '{"a": [1, 2]}'


@pytest.mark.parametrize(("level", "answer"), [("2.2", "415"), ("2.0", "None")])
def test_json_of_another_media_type_is_none_at_level_two(level, answer):
    source = (
        f"import demijohn.compat; demijohn.compat.install({level!r})\n"
        "import flask\n"
        "app = flask.Flask(__name__)\n"
        "app.add_url_rule('/', 'i', lambda: str(flask.request.json), methods=['POST'])\n"
        "r = app.test_client().post('/', data={'a': 1})\n"
        "print(r.text if r.status_code == 200 else r.status_code)"
    )
    assert printed(source) == answer


# Ways in.

LEGACY = """
import sys
from flask import Flask, jsonify, request

app = Flask(__name__)

@app.get("/")
def index():
    return jsonify(level=app.compat_level, host=request.host, module=Flask.__module__)

def create_app():
    return app

if __name__ == "__main__":
    print(sys.argv[1:], app.name, app.test_client().get("/").json["level"])
"""


@pytest.fixture
def legacy(tmp_path):
    (tmp_path / "legacy.py").write_text(LEGACY)
    return tmp_path


def test_a_script_runs_under_python_m(legacy):
    done = subprocess.run(
        [sys.executable, "-m", "demijohn.compat", "legacy.py", "--flag", "x"],
        cwd=legacy,
        env=suites.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "['--flag', 'x'] legacy 3.1"


def test_the_flask_command_runs_under_python_m(legacy):
    done = subprocess.run(
        [sys.executable, "-m", "demijohn.compat", "-m", "flask", "--app", "legacy", "routes"],
        cwd=legacy,
        env=suites.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[2].split()[:3] == ["index", "GET", "/"]


def test_pytest_runs_legacy_tests_with_the_plugin(legacy):
    (legacy / "test_legacy.py").write_text(
        "import legacy\n\ndef test_level():\n    assert legacy.app.test_client().get('/').json['level'] == '3.1'\n"
    )
    found, output = suites.run(legacy, "-p", "demijohn.compat.pytest", "test_legacy.py")
    assert list(found.values()) == ["passed"], output


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "-m demijohn run --compat legacy:app --port {port}",
        "-m demijohn run --compat legacy:create_app() --port {port} --interface asgi",
        "-m demijohn --compat --app legacy run --port {port}",
        "-m gunicorn -b 127.0.0.1:{port} demijohn.compat.served:app",
        "-m granian --interface wsgi --port {port} demijohn.compat.served:app",
        "-m uvicorn --port {port} demijohn.compat.served:app",
        "-m demijohn.compat -m gunicorn -b 127.0.0.1:{port} legacy:app",
    ],
)
def test_a_server_serves_an_unedited_application(legacy, command):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"DEMIJOHN_APP": "legacy:app"} if "served" in command else {}
    server = subprocess.Popen(
        [sys.executable, *command.format(port=port).split()],
        cwd=legacy,
        env=suites.environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert json.loads(_wait_for(f"http://127.0.0.1:{port}/", server)) == {
            "host": f"127.0.0.1:{port}",
            "level": "3.1",
            "module": "flask.app",
        }
    finally:
        server.terminate()
        server.communicate(timeout=20)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
