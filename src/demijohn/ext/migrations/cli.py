"""The command group ``db``. What a command does is a function in ``operations``; this reads the options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from demijohn import g
from demijohn.cli import with_appcontext
from demijohn.ext.migrations import operations
from demijohn.ext.migrations.logs import on_command_line

F = TypeVar("F", bound=Callable[..., Any])


def _options(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options at once, in the order the help shows them."""

    def decorate(f: F) -> F:
        for option in reversed(options):
            f = option(f)
        return f

    return decorate


_directory = click.option(
    "-d", "--directory", default=None, help='The folder of the migrations (default "migrations").'
)
_x_arg = click.option("-x", "--x-arg", multiple=True, help="An argument for the folder's env.py; repeatable.")
_message = click.option("-m", "--message", default=None, help="What the revision does.")
_sql = click.option("--sql", is_flag=True, help="Print the SQL instead of running it.")
_tag = click.option("--tag", default=None, help="A name that env.py can read.")
_verbose = click.option("-v", "--verbose", is_flag=True, help="Say more.")
_rev_id = click.option("--rev-id", default=None, help="The id of the revision, if not a random one.")
_branch_label = click.option("--branch-label", default=None, help="A label for the branch that begins here.")
_placing = _options(
    click.option("--head", default="head", help="The head to build on, or <branch>@head."),
    click.option("--splice", is_flag=True, help="Allow a head that is none, and begin a branch there."),
    _branch_label,
    click.option("--version-path", default=None, help="Which of the configured version folders to write to."),
    _rev_id,
)


def _perform(name: str, directory: str | None, *args: Any) -> None:
    with on_command_line():
        getattr(operations, name)(directory or g.get("directory"), *args)


@click.group()
@_options(_directory, _x_arg)
@with_appcontext
def db(directory: str | None, x_arg: tuple[str, ...]) -> None:
    """Perform database migrations."""
    g.directory = directory
    g.x_arg = x_arg


@db.command("list-templates")
@with_appcontext
def list_templates() -> None:
    """List the templates that init can use."""
    operations.list_templates()


@db.command()
@_options(
    _directory,
    click.option("--multidb", is_flag=True, help="For several databases."),
    click.option("-t", "--template", default=None, help="The template (default flask), or a path to one."),
    click.option("--package", is_flag=True, help="Make the folders Python packages."),
)
@with_appcontext
def init(directory: str | None, multidb: bool, template: str | None, package: bool) -> None:
    """Make a folder of migrations."""
    _perform("init", directory, multidb, template, package)


@db.command()
@_options(
    _directory,
    _message,
    click.option("--autogenerate", is_flag=True, help="Fill it with the difference to the models."),
    _sql,
    _placing,
)
@with_appcontext
def revision(
    directory: str | None, message: str | None, autogenerate: bool, sql: bool, **placing: Any
) -> None:
    """Write a new, empty revision."""
    _perform("revision", directory, message, autogenerate, sql, *_placed(placing))


@db.command()
@_options(_directory, _message, _sql, _placing, _x_arg)
@with_appcontext
def migrate(
    directory: str | None, message: str | None, sql: bool, x_arg: tuple[str, ...], **placing: Any
) -> None:
    """Write a revision with the difference between models and database."""
    _perform("migrate", directory, message, sql, *_placed(placing), x_arg or g.x_arg)


def _placed(options: dict[str, Any]) -> list[Any]:
    return [options[name] for name in ("head", "splice", "branch_label", "version_path", "rev_id")]


@db.command()
@_options(_directory, click.argument("revision", default="head"))
@with_appcontext
def edit(directory: str | None, revision: str) -> None:
    """Open a revision in an editor."""
    _perform("edit", directory, revision)


@db.command()
@_options(_directory, _message, _branch_label, _rev_id, click.argument("revisions", nargs=-1))
@with_appcontext
def merge(
    directory: str | None, message: str | None, branch_label: str | None, rev_id: str | None,
    revisions: tuple[str, ...],
) -> None:  # fmt: skip
    """Join two branches with a new revision."""
    _perform("merge", directory, revisions, message, branch_label, rev_id)


@db.command()
@_options(_directory, _sql, _tag, _x_arg, click.argument("revision", default="head"))
@with_appcontext
def upgrade(directory: str | None, sql: bool, tag: str | None, x_arg: tuple[str, ...], revision: str) -> None:
    """Upgrade the database to a later revision."""
    _perform("upgrade", directory, revision, sql, tag, x_arg or g.x_arg)


@db.command()
@_options(_directory, _sql, _tag, _x_arg, click.argument("revision", default="-1"))
@with_appcontext
def downgrade(
    directory: str | None, sql: bool, tag: str | None, x_arg: tuple[str, ...], revision: str
) -> None:
    """Take the database back to an earlier revision."""
    _perform("downgrade", directory, revision, sql, tag, x_arg or g.x_arg)


@db.command()
@_options(_directory, click.argument("revision", default="head"))
@with_appcontext
def show(directory: str | None, revision: str) -> None:
    """Show a revision."""
    _perform("show", directory, revision)


@db.command()
@_options(
    _directory,
    click.option("-r", "--rev-range", default=None, help="Only these, as [start]:[end]."),
    _verbose,
    click.option("-i", "--indicate-current", is_flag=True, help="Mark where the database is."),
)
@with_appcontext
def history(directory: str | None, rev_range: str | None, verbose: bool, indicate_current: bool) -> None:
    """List the revisions in their order."""
    _perform("history", directory, rev_range, verbose, indicate_current)


@db.command()
@_options(
    _directory,
    _verbose,
    click.option("--resolve-dependencies", is_flag=True, help="Count dependencies as predecessors."),
)
@with_appcontext
def heads(directory: str | None, verbose: bool, resolve_dependencies: bool) -> None:
    """Show the latest revisions."""
    _perform("heads", directory, verbose, resolve_dependencies)


@db.command()
@_options(_directory, _verbose)
@with_appcontext
def branches(directory: str | None, verbose: bool) -> None:
    """Show where the history branches."""
    _perform("branches", directory, verbose)


@db.command()
@_options(_directory, _verbose)
@with_appcontext
def current(directory: str | None, verbose: bool) -> None:
    """Show the revision each database is at."""
    _perform("current", directory, verbose)


@db.command()
@_options(
    _directory,
    _sql,
    _tag,
    click.option("--purge", is_flag=True, help="Forget which revisions the database was at before."),
    click.argument("revision", default="head"),
)
@with_appcontext
def stamp(directory: str | None, sql: bool, tag: str | None, purge: bool, revision: str) -> None:
    """Note that the database is at a revision, and run nothing."""
    _perform("stamp", directory, revision, sql, tag, purge)


@db.command()
@_directory
@with_appcontext
def check(directory: str | None) -> None:
    """Fail when the models differ from the database."""
    _perform("check", directory)
