"""Migrations: Flask-Migrate's interface on Alembic.

    from demijohn.ext.migrations import Migrate

    migrate = Migrate(app, db)

gives the application the command group ``db``: ``demijohn db init`` makes a folder of migrations,
``demijohn db migrate -m "Add users"`` writes one from the difference between the models and the database,
``demijohn db upgrade`` applies what is new. The same is there as functions, for tests and programs:
``upgrade()`` in an application context.

Leaves alone: when to upgrade. Nothing here runs unless it is called.
"""

from __future__ import annotations

from demijohn.extend import needs

with needs("migrations"):
    from demijohn.ext.migrations.configuration import Config, alembic_version
    from demijohn.ext.migrations.extension import Migrate
    from demijohn.ext.migrations.operations import (
        branches, catch_errors, check, current, downgrade, edit, heads, history, init, list_templates, merge,
        migrate, revision, show, stamp, upgrade,
    )  # fmt: skip

__all__ = [
    "Config",
    "Migrate",
    "alembic_version",
    "branches",
    "catch_errors",
    "check",
    "current",
    "downgrade",
    "edit",
    "heads",
    "history",
    "init",
    "list_templates",
    "merge",
    "migrate",
    "revision",
    "show",
    "stamp",
    "upgrade",
]
