"""Flask's application, unmodified, on demijohn's compatibility."""

from __future__ import annotations

from typing import Any

from demijohn import compat

compat.install()

from bench.apps import flask as application  # noqa: E402 - `flask` is demijohn's from here on

ANSWERS = application.ANSWERS


def make(kind: str) -> Any:
    """The WSGI application."""
    return application.make(kind)
