"""Commands of an application, run in process."""

from __future__ import annotations

import click
import pytest

from demijohn import Flask, current_app
from demijohn.cli import ScriptInfo
from demijohn.testing import FlaskCliRunner


@pytest.fixture
def app():
    made = Flask("tests.testing.commands")

    @made.cli.command("greet")
    @click.argument("name")
    def greet(name):
        click.echo(f"{name}, from {current_app.name}")

    return made


def test_a_command_of_the_application_runs_in_its_context(app):
    result = app.test_cli_runner().invoke(args=["greet", "hello"])
    assert (result.exit_code, result.output) == (0, "hello, from tests.testing.commands\n")


def test_a_command_can_be_given_itself(app):
    assert app.test_cli_runner().invoke(app.cli.commands["greet"], ["hello"]).exit_code == 0


def test_an_object_given_by_the_test_is_kept(app):
    loaded = []

    def load():
        loaded.append(app)
        return app

    FlaskCliRunner(app).invoke(args=["greet", "hello"], obj=ScriptInfo(create_app=load))
    assert loaded == [app]
