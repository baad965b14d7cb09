"""Runs the revisions of this folder; called by every `db` command that looks at the database."""

from demijohn.ext.migrations.environment import run_migrations

from cellar.store.database import Moment


def render_item(kind, item, context):
    """Write a moment into a revision as what it is in the database, not as a class of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


run_migrations(render_item=render_item)
