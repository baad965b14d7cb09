"""Runs the revisions of this folder; called by every `db` command that looks at the database.

Options of `alembic.context.configure`, such as `include_object`, can be passed on here.
"""

from demijohn.ext.migrations.environment import run_migrations

run_migrations()
