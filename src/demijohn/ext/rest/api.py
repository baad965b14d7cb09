"""The extension object."""

from __future__ import annotations

from demijohn.ext.rest.resources.routes import ResourceRoutes

__all__ = ["Api"]


class Api(ResourceRoutes):
    """Resources of an application or a blueprint; takes what :class:`ResourceRoutes` takes."""
