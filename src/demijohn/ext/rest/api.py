"""The Api: typed routes under one prefix, their providers and their documents."""

from __future__ import annotations

from typing import Any

from demijohn import Blueprint, Flask
from demijohn.ext.rest.typed.routes import TypedRoutes

__all__ = ["Api"]


class Api(TypedRoutes):
    """An API of an application or blueprint.

    :param app: The application or blueprint; or call :meth:`init_app` later.
    :param prefix: Put before each rule.
    :param title: The name of the API in its document; the application's by default.
    :param version: The version of the API in its document.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, prefix: str = "", *, title: str | None = None,
        version: str = "1.0",
    ) -> None:  # fmt: skip
        TypedRoutes.__init__(self)
        self.prefix = prefix
        self.title = title
        self.version = version
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Serve the API from an application or blueprint."""
        self.attach(app)
