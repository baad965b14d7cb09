"""The application that every protocol test talks to: `app`, and `create_app` for one of its own."""

from __future__ import annotations

import os
from pathlib import Path

from tests.protocols.site import (
    answers,
    bodies,
    contexts,
    echo,
    files,
    isolation,
    lifespan,
    sessions,
    sockets,
    streams,
)

from demijohn import Flask

BODY_LIMIT = 16 * 1024 * 1024


def create_app() -> Flask:
    here = Path(__file__).parent
    app = Flask("tests.protocols.app", root_path=str(here / "site"), static_folder="static")
    app.config.update(
        SECRET_KEY="protocol-suite-key-of-enough-length-0123456789",
        SECRET_KEY_FALLBACKS=["an-older-protocol-suite-key-0123456789abcdef"],
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        SESSION_COOKIE_SECURE=False,
    )
    for room in (answers, bodies, contexts, echo, files, isolation, sessions, sockets, streams):
        room.register(app)
    lifespan.register(app, os.environ.get("LIFESPAN_LOG"))
    return app


app = create_app()
