"""demijohn with sync views, from the same text as Flask's application."""

from __future__ import annotations

from typing import Any

import demijohn
from bench.apps import CHUNK, UNLIMITED, flask_api

ANSWERS = flask_api.ANSWERS


def make(kind: str) -> Any:
    """The application; called over ASGI or RSGI its views run in the thread pool."""
    app = flask_api.build(demijohn, kind)

    @app.post("/consume", stream=True, max_content_length=UNLIMITED)
    def consume() -> str:
        size = 0
        while chunk := demijohn.request.stream.read(CHUNK):
            size += len(chunk)
        return str(size)

    @app.post("/parts", stream=True, max_content_length=UNLIMITED)
    def parts() -> str:
        return str(sum(len(piece) for part in demijohn.request.parts() for piece in part))

    return app
