"""The extension object: which database is migrated, from which folder, with which options of Alembic.

This module must not know what the commands do.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, cast

from demijohn import Flask, g
from demijohn.ext.migrations.cli import db as db_cli_group
from demijohn.ext.migrations.configuration import Config, Database, _MigrateConfig
from demijohn.extend import Diagnosis, add_diagnosis, expect_settings

#: Changes an Alembic configuration and returns it.
Callback = Callable[[Config], Config]


class Migrate:
    """Migrations for an application and its database object.

    :param app: An application to register with now; else call :meth:`init_app`.
    :param db: The database object, such as :class:`demijohn.ext.database.SQLAlchemy`.
    :param directory: The folder of the migrations.
    :param command: The name of the command group.
    :param compare_type: Whether a change of a column's type is a difference.
    :param render_as_batch: Write changes of tables as batches, without which SQLite can make few of them.
    :param kwargs: More options of ``alembic.context.configure``.
    """

    def __init__(
        self, app: Flask | None = None, db: Database | None = None, directory: str | os.PathLike[str] = "migrations",
        command: str = "db", compare_type: bool = True, render_as_batch: bool = True, **kwargs: Any,
    ) -> None:  # fmt: skip
        self.db = db
        self.directory = str(directory)
        self.command = command
        self.configure_callbacks: list[Callback] = []
        self.alembic_ctx_kwargs = {
            **kwargs, "compare_type": compare_type, "render_as_batch": render_as_batch
        }  # fmt: skip
        if app is not None and db is not None:
            self.init_app(app, db, directory)

    def init_app(
        self, app: Flask, db: Database | None = None, directory: str | os.PathLike[str] | None = None,
        command: str | None = None, compare_type: bool | None = None, render_as_batch: bool | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        """Add the command group to an application. What is not given stays as the object was made with."""
        self.db = db or self.db
        self.directory = str(directory or self.directory)
        self.command = command or self.command
        given = {"compare_type": compare_type, "render_as_batch": render_as_batch}
        self.alembic_ctx_kwargs |= kwargs
        self.alembic_ctx_kwargs |= {name: value for name, value in given.items() if value is not None}
        app.config.setdefault("MIGRATE_LOCK_TIMEOUT", 300)  # seconds
        expect_settings(app, MIGRATE_LOCK_TIMEOUT="number")
        app.extensions["migrate"] = _MigrateConfig(self, cast(Database, self.db), **self.alembic_ctx_kwargs)
        app.cli.add_command(db_cli_group, name=self.command)
        add_diagnosis(app, self._pending)

    def _pending(self, app: Flask) -> Iterator[Diagnosis]:
        """Whether the database is at the newest revision, for ``demijohn doctor``."""
        if not os.path.isdir(self.directory):
            return
        # Imported here: heavy, and only for commands.
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory

        heads = set(ScriptDirectory.from_config(self.get_config()).get_heads())
        named = ("version_table", "version_table_schema")
        options = {name: self.alembic_ctx_kwargs[name] for name in named if name in self.alembic_ctx_kwargs}
        with cast(Database, self.db).engines[None].connect() as connection:
            at = set(MigrationContext.configure(connection, opts=options).get_current_heads())
        state: Literal["ok", "old"] = "ok" if heads <= at else "old"
        have, need = ", ".join(sorted(at)) or "none", ", ".join(sorted(heads))
        fix = "" if state == "ok" else f"demijohn {self.command} upgrade"
        yield Diagnosis("migrations", state, have, need, fix)

    def configure(self, f: Callback) -> Callback:
        """Decorate a function that changes the Alembic configuration of every command."""
        self.configure_callbacks.append(f)
        return f

    def call_configure_callbacks(self, config: Config) -> Config:
        """Pass a configuration through the functions of :meth:`configure`."""
        for change in self.configure_callbacks:
            config = change(config)
        return config

    def get_config(
        self, directory: str | None = None, x_arg: str | Iterable[str] | None = None,
        opts: Iterable[str] | None = None,
    ) -> Config:  # fmt: skip
        """The Alembic configuration of a folder.

        :param directory: The folder, if not the object's.
        :param x_arg: One or several arguments for ``env.py``, which finds them by ``context.get_x_argument()``.
        :param opts: Names of options to switch on, such as ``autogenerate``.
        """
        folder = str(self.directory if directory is None else directory)
        config = Config(os.path.join(folder, "alembic.ini"))
        config.set_main_option("script_location", folder)
        if config.cmd_opts is None:
            config.cmd_opts = argparse.Namespace()
        for option in opts or ():
            setattr(config.cmd_opts, option, True)
        if not hasattr(config.cmd_opts, "x"):
            own = [x_arg] if isinstance(x_arg, str) else list(x_arg or ())
            # The group's own -x, which the commands that know one pass on as well.
            shared = [argument for argument in g.get("x_arg", ()) if argument not in own]
            config.cmd_opts.x = [*shared, *own]
        return self.call_configure_callbacks(config)
