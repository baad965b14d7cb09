"""The ``SQLALCHEMY_*`` settings, as options of engines.

This module must not make engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from demijohn import Flask
from demijohn.ext.database.engines import SQLITE_PRAGMAS
from demijohn.extend import expect_settings

#: Every setting and its default. Sizes and times of pools that are None are SQLAlchemy's own.
DEFAULTS: Mapping[str, Any] = {
    "SQLALCHEMY_DATABASE_URI": None,
    "SQLALCHEMY_ECHO": False,
    "SQLALCHEMY_MAX_OVERFLOW": None,
    "SQLALCHEMY_POOL_SIZE": None,
    "SQLALCHEMY_POOL_TIMEOUT": None,  # seconds
    "SQLALCHEMY_RECORD_QUERIES": False,
    "SQLALCHEMY_RELEASE_WHEN_IDLE": True,
    "SQLALCHEMY_SLOW_QUERY": None,  # seconds
    "SQLALCHEMY_TRACK_MODIFICATIONS": False,
}


_KINDS: Any = {
    "SQLALCHEMY_ECHO": (
        lambda value: value == "debug" or isinstance(value, (bool, int)),
        "True, False or 'debug'",
    ),
    "SQLALCHEMY_MAX_OVERFLOW": "number",
    "SQLALCHEMY_POOL_SIZE": "number",
    "SQLALCHEMY_POOL_TIMEOUT": "number",
    "SQLALCHEMY_RECORD_QUERIES": "flag",
    "SQLALCHEMY_RELEASE_WHEN_IDLE": "flag",
    "SQLALCHEMY_SLOW_QUERY": "number",
    "SQLALCHEMY_TRACK_MODIFICATIONS": "flag",
}


def engine_options(app: Flask, defaults: Mapping[str, Any]) -> dict[str | None, dict[str, Any]]:
    """The options of each engine by bind key, from the settings, which are completed.

    :param defaults: Options of every engine, over which settings win.
    :raises RuntimeError: when no database is named.
    """
    config = app.config
    expect_settings(app, **_KINDS)
    for setting, value in DEFAULTS.items():
        config.setdefault(setting, value)
    # An application that comes from Flask may hold rows that break its foreign keys.
    pragmas = dict(SQLITE_PRAGMAS) if app.policy.tuned_sqlite else {}
    config.setdefault("SQLALCHEMY_SQLITE_PRAGMAS", pragmas)
    for setting in "SQLALCHEMY_SQLITE_PRAGMAS", "SQLALCHEMY_ENGINE_OPTIONS", "SQLALCHEMY_BINDS":
        value = config.setdefault(setting, {})
        if not isinstance(value, Mapping) and value is not None:
            raise TypeError(
                f"The setting {setting} is of type {type(value).__name__}. Expected is a dictionary."
            )
    default = {**defaults, **(config["SQLALCHEMY_ENGINE_OPTIONS"] or {})}
    if config["SQLALCHEMY_DATABASE_URI"] is not None:
        default["url"] = config["SQLALCHEMY_DATABASE_URI"]
    options: dict[str | None, dict[str, Any]] = {}
    for key, value in (config["SQLALCHEMY_BINDS"] or {}).items():
        own = {"url": value} if isinstance(value, (str, sa.URL)) else value
        options[key] = {**defaults, **own}
    if "url" in default:
        options[None] = {**options.get(None, {}), **default}
    if not options:
        raise RuntimeError("Either 'SQLALCHEMY_DATABASE_URI' or 'SQLALCHEMY_BINDS' must be set.")
    for own in options.values():
        own.setdefault("echo", config["SQLALCHEMY_ECHO"])
        own.setdefault("echo_pool", config["SQLALCHEMY_ECHO"])
    return options
