"""The command group: options, the application's commands, plugins, what is said when there is no application."""

from __future__ import annotations

import asyncio
import os
from importlib.metadata import EntryPoint

import click
import pytest

from demijohn import Blueprint, Flask, current_app
from demijohn.cli import AppGroup, FlaskGroup, ScriptInfo, cli, with_appcontext


def group_for(app, **options):
    return FlaskGroup("test", create_app=lambda: app, **options)


@pytest.fixture
def app():
    return Flask("the_app")


def test_a_command_of_the_application_has_its_context_also_in_parameter_callbacks(app, runner):
    seen = []

    @app.cli.command()
    @click.argument("value", callback=lambda ctx, param, value: seen.append(current_app.name))
    def show(value):
        click.echo(current_app.name)

    result = runner.invoke(group_for(app), ["show", "x"])
    assert (result.output, seen) == ("the_app\n", ["the_app"])


def test_an_async_command_runs_in_the_application_context(app, runner):
    @app.cli.command()
    @click.option("--count", type=int)
    async def show(count):
        await asyncio.sleep(0)
        click.echo(f"{current_app.name} {count}")

    assert runner.invoke(group_for(app), ["show", "--count", "3"]).output == "the_app 3\n"


def test_async_commands_share_the_loop_of_async_views(app, runner):
    loops = []

    async def note():
        loops.append(asyncio.get_running_loop())
        return ""

    app.add_url_rule("/", "note", note)
    app.cli.command("one")(note)
    runner.invoke(group_for(app), ["one"])
    app.test_client().get("/")
    assert loops[0] is loops[1]


def test_an_async_command_that_raises_ends_the_command_with_it(app, runner):
    @app.cli.command()
    async def fail():
        raise click.ClickException("it failed")

    result = runner.invoke(group_for(app), ["fail"])
    assert (result.exit_code, result.output) == (1, "Error: it failed\n")


def test_an_async_command_without_context_runs_too(runner):
    group = AppGroup("g")

    @group.command("one", with_appcontext=False)
    async def one():
        await asyncio.sleep(0)
        click.echo(bool(current_app))

    assert runner.invoke(group, ["one"]).output == "False\n"


def test_a_sync_decorator_around_an_async_command_works(app, runner):
    def decorate(f):
        return lambda: f()

    async def work():
        click.echo(current_app.name)

    app.cli.command("work")(decorate(work))
    assert runner.invoke(group_for(app), ["work"]).output == "the_app\n"


def test_a_plain_command_with_appcontext_loads_the_application(runner):
    @click.command()
    @with_appcontext
    def show():
        click.echo(current_app.name)

    assert runner.invoke(show, obj=ScriptInfo(create_app=lambda: Flask("a"))).output == "a\n"


def test_groups_made_by_a_group_have_the_context_too(runner):
    outer = AppGroup("outer")

    @outer.group()
    def inner(): ...

    @inner.command()
    def show():
        click.echo(current_app.name)

    assert (
        runner.invoke(outer, ["inner", "show"], obj=ScriptInfo(create_app=lambda: Flask("a"))).output == "a\n"
    )


def test_commands_of_blueprints_go_to_their_group(app, runner):
    for name, group in [("own", "named"), ("plain", ...), ("merged", None)]:
        options = {} if group is ... else {"cli_group": group}
        blueprint = Blueprint(name, __name__, **options)
        blueprint.cli.command(f"{name}-cmd")(lambda name=name: click.echo(name))
        app.register_blueprint(blueprint)
    group = group_for(app)
    assert runner.invoke(group, ["named", "own-cmd"]).output == "own\n"
    assert runner.invoke(group, ["plain", "plain-cmd"]).output == "plain\n"
    assert runner.invoke(group, ["merged-cmd"]).output == "merged\n"


def test_the_applications_test_runner_finds_its_commands(app):
    app.cli.command("hi")(lambda: click.echo(current_app.name))
    assert app.test_cli_runner().invoke(args=["hi"]).output == "the_app\n"


def test_without_an_application_built_in_commands_are_still_listed_and_the_reason_said(project, runner):
    result = runner.invoke(cli, ["--help"])
    assert result.exit_code == 0
    assert "routes" in result.stdout
    assert "FLASK_APP" in result.stderr


def test_an_unknown_command_without_an_application_says_both(project, runner):
    result = runner.invoke(cli, ["missing"])
    assert result.exit_code == 2
    assert "FLASK_APP" in result.stderr
    assert "No such command 'missing'" in result.stderr


def test_an_application_that_raises_does_not_hide_the_help(runner):
    def create_app():
        raise ValueError("oh no")

    result = runner.invoke(FlaskGroup("t", create_app=create_app), ["--help"])
    assert result.exit_code == 0
    assert "ValueError: oh no" in result.stderr
    assert "Usage:" in result.stdout


@pytest.mark.parametrize("group", ["flask.commands", "demijohn.commands"])
def test_plugin_commands_are_loaded_from_both_entry_points(runner, monkeypatch, group):
    point = EntryPoint("plugin", "tests_plugin:command", group)
    command = click.Command("plugin", callback=lambda: click.echo("from a plugin"))
    monkeypatch.setattr(EntryPoint, "load", lambda self: command)
    monkeypatch.setattr(
        "demijohn.cli.group.entry_points", lambda group: [point] if group == point.group else []
    )
    assert runner.invoke(FlaskGroup("t"), ["plugin"]).output == "from a plugin\n"


def test_the_application_is_named_by_option_before_environment(project, runner, monkeypatch):
    for name in ("a", "b", "c"):
        project(
            f"{name}.py",
            f"from demijohn import Flask\napp = Flask({name!r})\n@app.cli.command()\ndef show(): print(app.name)",
        )
    monkeypatch.setenv("FLASK_APP", "a")
    assert runner.invoke(cli, ["show"]).output == "a\n"
    monkeypatch.setenv("DEMIJOHN_APP", "b")
    assert runner.invoke(cli, ["show"]).output == "b\n"
    assert runner.invoke(cli, ["--app", "c", "show"]).output == "c\n"


def test_an_env_file_can_name_the_application_and_its_debug_mode(project, runner, monkeypatch):
    project(
        "shop.py",
        "from demijohn import Flask\napp = Flask('x')\n@app.cli.command()\ndef show(): print(app.name, app.debug)",
    )
    project("my.env", "DEMIJOHN_APP=shop\nFLASK_DEBUG=1")
    for name in ("DEMIJOHN_APP", "FLASK_DEBUG"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    assert runner.invoke(cli, ["-e", "my.env", "show"]).output == "x True\n"


def test_an_env_file_without_the_package_is_an_error(project, runner, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dotenv", None)
    project("my.env")
    result = runner.invoke(cli, ["-e", "my.env", "routes"])
    assert result.exit_code == 2
    assert "python-dotenv must be installed" in result.output


@pytest.mark.parametrize(("flag", "expected"), [("--debug", "True"), ("--no-debug", "False")])
def test_the_debug_option_wins_over_the_environment(app, runner, monkeypatch, flag, expected):
    monkeypatch.setenv("DEMIJOHN_DEBUG", "0" if flag == "--debug" else "1")
    app.cli.command("show")(lambda: click.echo(current_app.debug))
    assert runner.invoke(group_for(app), [flag, "show"]).output == f"{expected}\n"


def test_a_debug_flag_the_application_set_is_kept_on_request(app, runner):
    app.debug = True
    app.cli.command("show")(lambda: click.echo(current_app.debug))
    assert runner.invoke(group_for(app, set_debug_flag=False), ["show"]).output == "True\n"


def test_while_a_command_runs_app_run_does_nothing(app, runner):
    app.cli.command("show")(lambda: app.run())
    result = runner.invoke(group_for(app), ["show"])
    assert result.exit_code == 0
    assert "Ignoring a call to 'app.run()'" in result.output
    assert os.environ["FLASK_RUN_FROM_CLI"] == "true"


def test_version_names_what_is_installed(runner):
    output = runner.invoke(cli, ["--version"]).output
    assert output.startswith("Python 3.")
    assert "Werkzeug 3." in output
    assert "Granian 2." in output
