"""What the database adds to ``demijohn shell``."""

from __future__ import annotations

from typing import Any

from demijohn import current_app


def add_models_to_shell() -> dict[str, Any]:
    """``db`` and every model class, by name."""
    db = current_app.extensions["sqlalchemy"]
    models = {mapper.class_.__name__: mapper.class_ for mapper in db.Model._sa_registry.mappers}
    return {**models, "db": db}
