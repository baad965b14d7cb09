"""``demijohn check``: findings of the real application, their levels, and what the command exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from demijohn import Blueprint, Flask
from demijohn.cli import FlaskGroup
from demijohn.compat.app import Flask as Compatible
from demijohn.extend import Finding, add_check
from demijohn.sessions.server_side import MemoryStore, Session
from demijohn.setup.checks import weakness

GOOD = "4f5e0c7a9d1b8e36f2a1c0d9b7e85a64"


def finish(app):
    app.config.update(
        SECRET_KEY=GOOD,
        TRUSTED_HOSTS=["shop.example"],
        HSTS=31_536_000,
        TRUSTED_PROXIES=1,
        CSP="strict",
        DEBUG=False,
    )
    return app


@pytest.fixture
def app():
    """An application that nothing is found of."""
    return finish(Flask("shop", static_folder=None))


def check(runner, app, *arguments):
    result = runner.invoke(
        FlaskGroup("t", create_app=lambda: app, set_debug_flag=False), ["check", *arguments]
    )
    return result.exit_code, result.stdout


def found(runner, app):
    code, output = check(runner, app, "--deploy", "--json")
    findings = json.loads(output)
    assert code == (1 if any(f["level"] == "serious" for f in findings) else 0)
    assert all(set(f) == {"id", "level", "what", "why", "mend"} and all(f.values()) for f in findings)
    return [(f["id"], f["level"]) for f in findings]


def test_nothing_is_found_of_an_application_that_is_finished(runner, app):
    assert found(runner, app) == []
    assert check(runner, app, "--deploy") == (0, "Nothing was found.\n")


def test_each_setting_that_should_be_otherwise_is_found(runner, app):
    def finding(**settings):
        finish(app).config.update(settings)
        return found(runner, app)

    assert finding(SECRET_KEY=None) == [("secret-key", "warning")]
    assert finding(SECRET_KEY="your-secret-key") == [("secret-key", "serious")]
    assert finding(SECRET_KEY_FALLBACKS=["changeme"]) == [("secret-key", "serious")]
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert finding(DEBUG=True) == [("debug", "serious")]
    assert finding(MAX_CONTENT_LENGTH=None) == [("body-limit", "serious")]
    app.config["MAX_CONTENT_LENGTH"] = 5
    assert finding(TRUSTED_HOSTS=None) == [("trusted-hosts", "warning")]
    assert (
        finding(SESSION_COOKIE_SECURE=False, SESSION_COOKIE_SAMESITE=None)
        == [("session-cookie", "warning")] * 2
    )
    app.config.update(SESSION_COOKIE_SECURE="auto", SESSION_COOKIE_SAMESITE="Lax")
    assert finding(HSTS=None) == finding(TRUSTED_PROXIES=None) == [("hsts", "note")]
    assert finding(CSP=None) == [("csp", "warning")]
    assert finding(CSP={"script-src": ["'self'"]}) == [("csp", "note")] * 3
    assert finding(CROSS_ORIGIN_CHECK=False) == [("cross-origin", "warning")]
    app.config["CROSS_ORIGIN_CHECK"] = True
    assert finding(TRUSTED_ORIGINS=["http://a.example"]) == [("cross-origin", "warning")]


def test_the_default_policy_of_content_is_a_note(runner, app):
    app.config["CSP"] = Flask("other").config["CSP"]
    assert found(runner, app) == [("csp", "note")]


def test_routes_that_are_exceptions_are_found(runner, app):
    app.add_url_rule("/hook", "hook", lambda: "x", methods=["POST"], cross_origin=True)
    app.add_url_rule("/old", "old", lambda: "x", csp=None)
    app.add_url_rule("/big", "big", lambda: "x", methods=["POST"], max_content_length=None)
    assert found(runner, app) == [("body-limit", "serious"), ("csp", "note"), ("cross-origin", "note")]
    output = check(runner, app, "--deploy")[1]
    assert "/hook" in output
    assert "/old" in output


def test_what_is_shared_with_everybody_or_in_the_clear_is_found(runner, app):
    app.cors("*", path="/public")
    app.cors(["http://lan.example"], path="/api")
    assert found(runner, app) == [("cors", "warning"), ("cors", "note")]


@pytest.mark.parametrize("name", ["UPLOAD_FOLDER", "UPLOADED_PHOTOS_DEST"])
def test_uploads_in_a_static_folder_are_found(runner, app, tmp_path, name):
    (tmp_path / "static" / "uploads").mkdir(parents=True)
    app.static_folder = tmp_path / "static"
    app.config[name] = str(tmp_path / "elsewhere")
    assert found(runner, app) == []
    os.symlink(tmp_path / "static" / "uploads", tmp_path / "link")
    app.config[name] = str(tmp_path / "link")
    assert found(runner, app) == [("upload-folder", "warning")]


def test_uploads_in_a_blueprint_s_static_folder_are_found(runner, app, tmp_path):
    app.register_blueprint(Blueprint("b", "b", static_folder=str(tmp_path), root_path=str(tmp_path)))
    app.config["UPLOAD_FOLDER"] = tmp_path
    assert found(runner, app) == [("upload-folder", "warning")]


def test_sessions_in_memory_are_found(runner, app):
    Session(app, MemoryStore())
    assert found(runner, app) == [("memory-store", "warning")]


def test_an_application_from_flask_is_told_what_flask_leaves_open(runner):
    app = Compatible("legacy", static_folder=None)
    ids = {name for name, _ in found(runner, app)}
    assert {"body-limit", "secret-key", "session-cookie", "csp", "cross-origin"} <= ids


def test_extensions_add_theirs_and_any_can_be_silenced(runner, app):
    add_check(app, lambda app: [Finding("own", "serious", f"{app.name} leaks.", "It does.", "Mend it.")])
    assert found(runner, app) == [("own", "serious")]
    app.config["SILENCED_CHECKS"] = "own"
    assert found(runner, app) == []


def test_without_deploy_it_is_only_loaded(runner, app):
    app.config["SECRET_KEY"] = "changeme"
    code, output = check(runner, app)
    assert code == 0
    assert "--deploy" in output


def test_an_application_s_own_command_of_that_name_comes_first(runner, app):
    app.cli.command("check")(lambda: print("our own"))
    assert check(runner, app)[1] == "our own\n"


SOURCE = """
from demijohn import Flask
app = Flask(__name__)
app.config["SECRET_KEY"] = {key!r}
app.config["CSP"] = {csp!r}
"""


def run(folder, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "demijohn", "--app", "site_to_check", "check", *arguments],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "DEMIJOHN_DEBUG": "0", **variables},
    )  # fmt: skip


def test_the_command_shows_no_secret_and_exits_with_1(tmp_path):
    (tmp_path / "site_to_check.py").write_text(SOURCE.format(key="my-pet-rex", csp=None))
    for extra in ([], ["--json"]):
        done = run(tmp_path, "--deploy", *extra)
        assert done.returncode == 1
        assert "secret-key" in done.stdout
        assert "my-pet-rex" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "source",
    ["import nothing_of_that_name", "1 / 0", "x = 5", SOURCE.format(key="k" * 20, csp={"script src": []}),
     SOURCE.format(key=5, csp=None)],
)  # fmt: skip
def test_what_does_not_load_exits_with_2_and_says_why(tmp_path, source):
    (tmp_path / "site_to_check.py").write_text(source)
    done = run(tmp_path, "--deploy")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip()


def test_debug_by_the_environment_is_found(tmp_path):
    (tmp_path / "site_to_check.py").write_text(SOURCE.format(key=GOOD, csp="strict"))
    assert '"debug"' in run(tmp_path, "--deploy", "--json", DEMIJOHN_DEBUG="1").stdout


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("your-secret-key", "printed"), ("ChangeMe!", "printed"), ("dev", "printed"), (b"secret_key", "printed"),
        ('_5#y2L"F4Q8z\n\xec]/', "printed"), (b"short", "shorter"), ("ab" * 20, "repeats"), (GOOD, None),
        (b"\x8f\x01\xaa\xbb\x10\x05\x77\x13\x99\x42\x00\xfe\xcd\x21\x34\x56", None), ("\ud800" * 2, "shorter"),
    ],
)  # fmt: skip
def test_keys_that_can_be_guessed(key, reason):
    found = weakness(key)
    assert found is None if reason is None else reason in found


# The warning at start.


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_key_that_can_be_guessed_is_told_of_once_without_its_value(protocol, caplog):
    app = Flask("warned")
    app.secret_key = "my-pet-rex"
    app.add_url_rule("/", "index", lambda: "x")
    with app.test_client(protocol=protocol) as client:
        for _ in range(2):
            client.get("/")
    (record,) = [record for record in caplog.records if "SECRET_KEY" in record.getMessage()]
    assert record.levelname == "WARNING"
    assert "token_hex" in record.getMessage()
    assert "rex" not in record.getMessage()


@pytest.mark.parametrize(
    "settings", [{"DEBUG": True}, {"TESTING": True}, {"SECRET_KEY": GOOD}, {"SECRET_KEY": None}]
)
def test_nothing_is_said_in_debug_mode_in_tests_or_of_a_good_key(settings, caplog):
    app = Flask("quiet")
    app.config.update({"SECRET_KEY": "dev", **settings})
    app.test_client().get("/")
    assert not [record for record in caplog.records if "SECRET_KEY" in record.getMessage()]


def test_applications_from_flask_take_any_key_in_silence(caplog):
    app = Compatible("legacy")
    app.secret_key = "dev"
    app.test_client().get("/")
    assert caplog.records == []
