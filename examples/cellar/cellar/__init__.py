"""A bottle cellar on the web: racks, bottles, tasting notes and a live journal, made with demijohn.

demijohn --app cellar cellar set-up
demijohn --app cellar run
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demijohn import Flask

from cellar import almanac, commands, settings
from cellar.store.database import db, migrate
from cellar.web import (
    api,
    archives,
    auth,
    bottles,
    csrf,
    errors,
    headers,
    health,
    house,
    languages,
    live,
    news,
    photos,
    racks,
    visitor,
    words,
)
from cellar.web.addresses import Number


def create_app(test_config: Mapping[str, Any] | None = None) -> Flask:
    """The application; settings in `test_config` win over those of the environment."""
    app = Flask(__name__, instance_relative_config=True)
    settings.load(app, test_config or {})
    app.url_map.converters["number"] = Number

    # The order matters: what is registered first runs first, so the person is known when forms are checked.
    for part in (
        db,
        migrate,
        languages,
        visitor,
        csrf,
        headers,
        errors,
        words,
        photos,
        news,
        live,
        health,
        commands,
    ):
        part.init_app(app)
    app.register_blueprint(racks.blueprint)
    app.register_blueprint(bottles.blueprint, url_prefix="/bottles")
    app.register_blueprint(auth.blueprint, url_prefix="/auth")
    house.init_app(app)
    archives.init_app(app)
    api.init_app(app)
    app.mount("/almanac", almanac.application, name="almanac")
    return app
