"""What the commands of ``db`` do, as functions to call in an application context.

Each reads its folder's ``env.py`` through Alembic. Errors of use are logged and end the program with status 1,
as Flask-Migrate's do. This module must not know Click.
"""

from __future__ import annotations

import functools
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.util import CommandError

from demijohn import current_app
from demijohn.ext.migrations.configuration import TEMPLATES, Config, _MigrateConfig
from demijohn.ext.migrations.constraints import name_constraints
from demijohn.ext.migrations.foreign_keys import foreign_keys_suspended
from demijohn.ext.migrations.locks import one_at_a_time
from demijohn.ext.migrations.logs import logging_kept
from demijohn.ext.migrations.older import flask_names
from demijohn.ext.migrations.risks import LOGGER, warn_of_dropped_rows, warn_of_drops_in, warn_without_models

F = TypeVar("F", bound=Callable[..., Any])


def catch_errors(f: F) -> F:
    """Log what was wrong with the use of a command, and exit with status 1."""

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with logging_kept():
                f(*args, **kwargs)
        except (CommandError, RuntimeError) as error:
            log = logging.getLogger(LOGGER)
            log.disabled = False  # an env.py may have switched off every logger but those it sets up
            log.error("Error: %s", error)
            sys.exit(1)

    return run  # type: ignore[return-value]


def _registered() -> _MigrateConfig:
    found: _MigrateConfig = current_app.extensions["migrate"]
    return found


def _config(directory: str | None, **options: Any) -> Config:
    return _registered().migrate.get_config(directory, **options)


@catch_errors
def list_templates() -> None:
    """Print the names of the templates, each with the first line of its README."""
    config = Config()
    config.print_stdout("Available templates:\n")
    for template in sorted(TEMPLATES.iterdir()):
        synopsis = (template / "README").read_text(encoding="utf-8").partition("\n")[0]
        config.print_stdout("%s - %s", template.name, synopsis)


@catch_errors
def init(
    directory: str | None = None, multidb: bool = False, template: str | None = None, package: bool = False
) -> None:
    """Make a folder of migrations.

    :param multidb: Use the template for several databases.
    :param template: The name of a template, or a path to one.
    :param package: Make the folder a Python package.
    """
    registered = _registered()
    folder = registered.directory if directory is None else directory
    if template is None:
        template = "flask-multidb" if multidb else "flask"
    parent, name = os.path.split(template.replace("\\", "/"))
    with tempfile.TemporaryDirectory() as scratch:
        config = Config(template_directory=parent or _unpacked(name, scratch))
        config.set_main_option("script_location", folder)
        config.config_file_name = os.path.join(folder, "alembic.ini")
        config = registered.migrate.call_configure_callbacks(config)
        command.init(config, folder, template=name, package=package)


def _unpacked(name: str, scratch: str) -> str:
    """The folder of a template of ours as Alembic wants it.

    Their ``env.py`` is kept as ``env.txt``: it is no module of this package.
    """
    source = TEMPLATES / name
    if not source.is_dir():
        known = ", ".join(sorted(template.name for template in TEMPLATES.iterdir()))
        raise CommandError(f"No such template {name!r}. There are {known}; any other is named by its path.")
    target = Path(scratch) / name
    shutil.copytree(source, target)
    (target / "env.txt").rename(target / "env.py")
    return scratch


@catch_errors
def revision(
    directory: str | None = None, message: str | None = None, autogenerate: bool = False, sql: bool = False,
    head: str = "head", splice: bool = False, branch_label: str | None = None,
    version_path: str | None = None, rev_id: str | None = None,
) -> None:  # fmt: skip
    """Write a new revision.

    :param autogenerate: Fill it with the difference between models and database.
    :param head: The revision to build on.
    """
    config = _config(directory, opts=["autogenerate"] if autogenerate else None)
    _write(
        config, message=message, autogenerate=autogenerate, sql=sql, head=head, splice=splice,
        branch_label=branch_label, version_path=version_path, rev_id=rev_id,
    )  # fmt: skip


@catch_errors
def migrate(
    directory: str | None = None, message: str | None = None, sql: bool = False, head: str = "head",
    splice: bool = False, branch_label: str | None = None, version_path: str | None = None,
    rev_id: str | None = None, x_arg: str | Iterable[str] | None = None,
) -> None:  # fmt: skip
    """Write a revision with the difference between models and database."""
    config = _config(directory, opts=["autogenerate"], x_arg=x_arg)
    _write(
        config, message=message, autogenerate=True, sql=sql, head=head, splice=splice,
        branch_label=branch_label, version_path=version_path, rev_id=rev_id,
    )  # fmt: skip


def _write(config: Config, *, autogenerate: bool, **options: Any) -> None:
    database = _registered().db
    named = name_constraints if autogenerate and current_app.policy.named_constraints else None
    if autogenerate:
        warn_without_models(database)
    with flask_names(config):
        written = command.revision(
            config, autogenerate=autogenerate, process_revision_directives=named, **options
        )
    if autogenerate:
        for script in written if isinstance(written, list) else [written]:
            if script is not None:
                warn_of_drops_in(Path(script.path), database)


@catch_errors
def edit(directory: str | None = None, revision: str = "current") -> None:
    """Open a revision in the editor that ``EDITOR`` names."""
    config = _config(directory)
    with flask_names(config):
        command.edit(config, revision)


@catch_errors
def merge(
    directory: str | None = None, revisions: str | list[str] | tuple[str, ...] = "", message: str | None = None,
    branch_label: str | None = None, rev_id: str | None = None,
) -> None:  # fmt: skip
    """Join branches with a new revision."""
    config = _config(directory)
    with flask_names(config):
        command.merge(config, revisions, message=message, branch_label=branch_label, rev_id=rev_id)


@catch_errors
def upgrade(
    directory: str | None = None, revision: str = "head", sql: bool = False, tag: str | None = None,
    x_arg: str | Iterable[str] | None = None,
) -> None:  # fmt: skip
    """Upgrade the database. Of several processes that do so at once, one does and the others wait for it.

    :param sql: Print the SQL instead of running it.
    """
    config = _config(directory, x_arg=x_arg)
    with (
        flask_names(config),
        one_at_a_time(config, _registered().db, sql),
        foreign_keys_suspended(sql),
        warn_of_dropped_rows(sql),
    ):
        command.upgrade(config, revision, sql=sql, tag=tag)


@catch_errors
def downgrade(
    directory: str | None = None, revision: str = "-1", sql: bool = False, tag: str | None = None,
    x_arg: str | Iterable[str] | None = None,
) -> None:  # fmt: skip
    """Take the database back; waits as :func:`upgrade` does."""
    config = _config(directory, x_arg=x_arg)
    if sql and revision == "-1":
        revision = "head:-1"  # without a database, Alembic has to be told where to begin
    with flask_names(config), one_at_a_time(config, _registered().db, sql), foreign_keys_suspended(sql):
        command.downgrade(config, revision, sql=sql, tag=tag)


@catch_errors
def show(directory: str | None = None, revision: str = "head") -> None:
    """Print a revision."""
    config = _config(directory)
    with flask_names(config):
        command.show(config, revision)


@catch_errors
def history(
    directory: str | None = None, rev_range: str | None = None, verbose: bool = False,
    indicate_current: bool = False,
) -> None:  # fmt: skip
    """Print the revisions in their order.

    :param rev_range: Only these, as ``[start]:[end]``.
    """
    config = _config(directory)
    with flask_names(config):
        command.history(config, rev_range, verbose=verbose, indicate_current=indicate_current)


@catch_errors
def heads(directory: str | None = None, verbose: bool = False, resolve_dependencies: bool = False) -> None:
    """Print the latest revisions."""
    config = _config(directory)
    with flask_names(config):
        command.heads(config, verbose=verbose, resolve_dependencies=resolve_dependencies)


@catch_errors
def branches(directory: str | None = None, verbose: bool = False) -> None:
    """Print where the history branches."""
    config = _config(directory)
    with flask_names(config):
        command.branches(config, verbose=verbose)


@catch_errors
def current(directory: str | None = None, verbose: bool = False) -> None:
    """Print the revision each database is at."""
    config = _config(directory)
    with flask_names(config):
        command.current(config, verbose=verbose)


@catch_errors
def stamp(
    directory: str | None = None, revision: str = "head", sql: bool = False, tag: str | None = None,
    purge: bool = False,
) -> None:  # fmt: skip
    """Note that the database is at a revision, and run nothing."""
    config = _config(directory)
    with flask_names(config), one_at_a_time(config, _registered().db, sql):
        command.stamp(config, revision, sql=sql, tag=tag, purge=purge)


@catch_errors
def check(directory: str | None = None) -> None:
    """Exit with status 1 when the models differ from the database."""
    config = _config(directory)
    warn_without_models(_registered().db)
    with flask_names(config):
        command.check(config)
