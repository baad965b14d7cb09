"""Flask."""

from __future__ import annotations

from typing import Any

import flask

from bench.apps import CHUNK, flask_api

ANSWERS = flask_api.ANSWERS - {"pool"}


def make(kind: str) -> Any:
    """The WSGI application."""
    app = flask_api.build(flask, kind)

    @app.post("/consume")
    def consume() -> str:
        size = 0
        while chunk := flask.request.stream.read(CHUNK):
            size += len(chunk)
        return str(size)

    return app
