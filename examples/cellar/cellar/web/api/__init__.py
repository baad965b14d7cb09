"""The cellar as JSON, under /api, in two versions. Reading is open to all; writing needs a token.

A program trades name and password for a token at /api/v2/token and sends it as `Authorization: Bearer`. No cookie
is looked at here, so no other site's page can do anything with one. What is wrong is told as problem documents
(see `cellar.web.errors`); what there is, /api/docs shows.

`version1` has what differs in the first version, `version2` what came with the second; whatever stands in
`common` is the same in both. Who names no version gets the first, as programs do that are older than the second.
"""

from __future__ import annotations

from demijohn import Flask

from cellar.web.api import common, version1, version2
from cellar.web.api.base import api, blueprint
from cellar.web.csrf import csrf

__all__ = ["api", "common", "init_app", "version1", "version2"]


def init_app(app: Flask) -> None:
    """Serve the API from `app`, also to scripts of any other site."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
    app.cors(
        "*",
        path="/api",
        headers=["Authorization", "Content-Type"],
        expose=["Deprecation", "Link", "Location", "Retry-After", "Sunset"],
    )
