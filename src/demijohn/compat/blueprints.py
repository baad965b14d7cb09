"""The ``Blueprint`` class under compatibility: this package's, with Flask's errors, and its silence."""

from __future__ import annotations

from demijohn.compat.policy import FLASK
from demijohn.setup import blueprint

__all__ = ["Blueprint"]


class Blueprint(blueprint.Blueprint):
    """A blueprint that refuses what Flask's refuses."""

    policy = FLASK
