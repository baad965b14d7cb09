"""``demijohn doctor``: what is missing, old or out of reach, and only what is needed makes it fail."""

from __future__ import annotations

import json

import pytest

from demijohn import Flask
from demijohn.cli import FlaskGroup
from demijohn.cli.parts import Part, numbers
from demijohn.extend import Diagnosis, add_diagnosis


def doctor(runner, create_app=None, *arguments):
    group = FlaskGroup("t", create_app=create_app)
    result = runner.invoke(group, ["doctor", "--json", *arguments])
    found = json.loads(result.output)
    return result.exit_code, found["ok"], {one["name"]: one for one in found["findings"]}, found["findings"]


@pytest.fixture
def app():
    app = Flask("shop")
    app.config["SECRET_KEY"] = "k" * 40
    return app


def test_an_application_that_has_all_is_well(runner, app):
    code, ok, found, findings = doctor(runner, lambda: app)
    assert (code, ok) == (0, True)
    assert found["python"]["state"] == found["werkzeug"]["state"] == found["application"]["state"] == "ok"
    assert found["database: sqlalchemy"]["need"].startswith(">=2")
    assert all(list(one) == ["name", "state", "have", "need", "fix"] for one in findings)
    assert "SECRET_KEY" in found["settings"]["have"]
    assert "kkkk" not in json.dumps(findings)


def test_the_module_of_every_part_that_is_installed_is_found(runner, project):
    _, _, _, findings = doctor(runner)
    assert [one["name"] for one in findings if one["state"] == "broken"] == []


def test_without_an_application_it_looks_at_the_installation(runner, project):
    code, ok, found, _ = doctor(runner)
    assert (code, ok) == (0, True)
    assert "application" not in found


def test_one_that_does_not_load_is_broken_and_the_missing_extra_is_named(runner, project, monkeypatch):
    project("app.py", "raise ModuleNotFoundError('no wtforms', name='wtforms')")
    monkeypatch.setattr(Part, "state", lambda part: "missing" if part.name.lower() == "wtforms" else "ok")
    monkeypatch.setattr("demijohn.cli.doctor.parts", lambda: iter([Part("wtforms", ">=3.0.1", "forms")]))
    code, ok, found, _ = doctor(runner)
    assert (code, ok) == (1, False)
    assert found["application"]["state"] == "broken"
    assert found["application"]["fix"] == "pip install -U 'demijohn[forms]'"
    assert found["forms: wtforms"]["state"] == "missing"


def test_what_a_readiness_check_finds_is_told_with_its_reason(runner, app):
    @app.readiness_check("stock")
    def stock():
        raise OSError("no route to the stock")

    app.readiness_check("price")(lambda: True)
    code, ok, found, _ = doctor(runner, lambda: app)
    assert (code, ok) == (1, False)
    assert found["stock"]["state"] == "broken"
    assert "no route to the stock" in found["stock"]["have"]
    assert found["price"]["state"] == "ok"


def test_an_extension_adds_what_it_knows_and_one_that_fails_is_broken(runner, app):
    add_diagnosis(app, lambda app: [Diagnosis("licence", "old", "2024", "2026", "renew it")])

    def failing(app):
        raise OSError("nobody knows")

    add_diagnosis(app, failing)
    code, _, found, _ = doctor(runner, lambda: app)
    assert code == 1
    assert found["licence"] == {
        "name": "licence", "state": "old", "have": "2024", "need": "2026", "fix": "renew it",
    }  # fmt: skip
    assert found["failing"]["state"] == "broken"


def test_a_person_is_told_what_to_do(runner, app):
    add_diagnosis(app, lambda app: [Diagnosis("licence", "old", "2024", "2026", "renew it")])
    result = runner.invoke(FlaskGroup("t", create_app=lambda: app), ["doctor"])
    assert result.exit_code == 1
    assert "old     licence  2024 (needs 2026)" in result.output
    assert "renew it" in result.output


def test_pending_migrations_are_old(runner, app, project, tmp_path):
    from demijohn.ext.database import SQLAlchemy
    from demijohn.ext.migrations import Migrate

    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.db"
    db = SQLAlchemy(app)
    Migrate(app, db)
    commands = app.test_cli_runner()
    for arguments in (["db", "init"], ["db", "revision", "-m", "first"]):
        result = commands.invoke(args=arguments)
        assert result.exit_code == 0, result.output
    code, _, found, _ = doctor(runner, lambda: app)
    assert (code, found["migrations"]["state"], found["migrations"]["fix"]) == (
        1,
        "old",
        "demijohn db upgrade",
    )
    assert commands.invoke(args=["db", "upgrade"]).exit_code == 0
    code, _, found, _ = doctor(runner, lambda: app)
    assert (code, found["migrations"]["state"]) == (0, "ok")


def test_an_application_with_a_command_of_that_name_keeps_it(runner, app):
    app.cli.command("doctor")(lambda: print("mine"))
    assert runner.invoke(FlaskGroup("t", create_app=lambda: app), ["doctor"]).output == "mine\n"


@pytest.mark.parametrize(
    ("older", "newer"), [("2.0.9", "2.0.40"), ("1.9", "1.10"), ("3.0", "3.0.1"), ("2.8.9rc1", "2.8.10")]
)
def test_versions_are_compared_by_their_numbers(older, newer):
    assert numbers(older) < numbers(newer)
    assert numbers("1.0") == numbers("1") == numbers("1.0.0")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(runner, shell):
    result = runner.invoke(FlaskGroup("t"), ["completion", shell], prog_name="demijohn")
    assert result.exit_code == 0
    assert "_DEMIJOHN_COMPLETE" in result.output
    assert "demijohn" in result.output
