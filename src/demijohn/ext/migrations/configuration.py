"""Alembic's configuration, and what ``env.py`` finds on the application.

This module must not know the commands.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import alembic
import sqlalchemy as sa
from alembic.config import Config as AlembicConfig

#: Alembic's version, as three numbers.
alembic_version = tuple(int(part) for part in alembic.__version__.split(".")[:3])

TEMPLATES = Path(__file__).parent / "templates"


class Config(AlembicConfig):
    """Alembic's configuration, whose templates are ours, or those in ``template_directory``."""

    def __init__(self, *args: Any, template_directory: str | None = None, **kwargs: Any) -> None:
        if len(args) < 3:
            # Alembic's default is what standard output was when Alembic was imported.
            kwargs.setdefault("stdout", sys.stdout)
        super().__init__(*args, **kwargs)
        self.template_directory = template_directory

    def get_template_directory(self) -> str:
        """The folder with a folder for each template."""
        return self.template_directory or str(TEMPLATES)


class Database(Protocol):
    """What is migrated: :class:`demijohn.ext.database.SQLAlchemy`, Flask-SQLAlchemy's object or one like them.

    Its ``metadatas`` by bind key are used where there are such.
    """

    @property
    def metadata(self) -> sa.MetaData:
        """The default metadata."""
        ...

    @property
    def engines(self) -> Mapping[str | None, sa.Engine]:
        """The engines of the current application by bind key."""
        ...


class Migrator(Protocol):
    """What the commands ask of the extension object."""

    directory: str

    def get_config(
        self, directory: str | None = None, x_arg: str | Iterable[str] | None = None,
        opts: Iterable[str] | None = None,
    ) -> Config:  # fmt: skip
        """The Alembic configuration of a folder."""
        ...

    def call_configure_callbacks(self, config: Config) -> Config:
        """Pass a configuration through the functions that change it."""
        ...


class _MigrateConfig:
    """What ``env.py`` finds as ``app.extensions["migrate"]``.

    :param migrate: The extension object.
    :param db: The database object.
    :param configure_args: Options for ``alembic.context.configure``.
    """

    def __init__(self, migrate: Migrator, db: Database, **configure_args: Any) -> None:
        self.migrate = migrate
        self.db = db
        self.directory = migrate.directory
        self.configure_args = configure_args

    @property
    def metadata(self) -> sa.MetaData:
        """The default metadata: the oldest folders look for it here."""
        return self.db.metadata
