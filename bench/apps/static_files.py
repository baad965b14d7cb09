"""A style sheet served by demijohn and by Whitenoise, and a hello alone and mounted below another application."""

from __future__ import annotations

import os
from typing import Any

SHEET = "cellar.css"


def make(kind: str) -> Any:
    """The application of this kind."""
    if kind == "whitenoise":
        from whitenoise import WhiteNoise

        from bench.apps import empty

        folder = os.environ["BENCH_STATIC"]
        return WhiteNoise(
            empty.make("main"), root=folder, prefix="static/", immutable_file_test=lambda path, url: True
        )
    import demijohn

    if kind == "static":
        app = demijohn.Flask("bench_app", root_path=os.environ["BENCH_STATIC"], static_folder=".")
        app.static_url_path = "/static"

        @app.get("/hello")
        def address() -> str:
            return demijohn.url_for("static", filename=SHEET)

        return app
    app = demijohn.Flask("bench_app", static_folder=None)
    if kind.endswith("async"):

        @app.get("/hello")
        async def hello() -> str:
            return "Hello, World!"
    else:

        @app.get("/hello")
        def hello() -> str:
            return "Hello, World!"

    if kind.startswith("alone"):
        return app
    root = demijohn.Flask("bench_root", static_folder=None)
    root.add_url_rule("/hello", view_func=lambda: "root", endpoint="root")
    root.mount("/below", app, name="below")
    return root
