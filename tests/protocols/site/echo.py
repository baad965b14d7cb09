"""Routes that tell what the request looked like, as a sync (``/s``) and as an async (``/a``) view."""

from __future__ import annotations

from typing import Any

from demijohn import Flask, request

from . import journal

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def seen() -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "full_path": request.full_path,
        "script_root": request.script_root,
        "url": request.url,
        "base_url": request.base_url,
        "host": request.host,
        "scheme": request.scheme,
        "is_secure": request.is_secure,
        "remote_addr": request.remote_addr,
        "args": {name: request.args.getlist(name) for name in request.args},
        "headers": [[name, value] for name, value in request.headers.items()],
        "cookies": dict(request.cookies),
        "endpoint": request.endpoint,
        "view_args": request.view_args,
    }


def register(app: Flask) -> None:
    @app.get("/")
    def home() -> str:
        return "home"

    @app.get("/journal/<key>")
    def read_journal(key: str) -> list[str]:
        return journal.read(key)

    @app.route("/s/echo", methods=METHODS)
    @app.route("/s/echo/<path:rest>", methods=METHODS)
    def echo_sync(rest: str = "") -> dict[str, Any]:
        return seen()

    @app.route("/a/echo", methods=METHODS)
    @app.route("/a/echo/<path:rest>", methods=METHODS)
    async def echo_async(rest: str = "") -> dict[str, Any]:
        return seen()

    @app.get("/s/environ")
    def environ_keys() -> list[str]:
        return [key for key in request.environ if isinstance(key, str)]

    @app.get("/s/number/<int:value>")
    def number(value: int) -> str:
        return str(value)

    @app.get("/s/segment/<value>")
    def segment(value: str) -> str:
        return value

    @app.get("/s/folder/<path:name>/")
    def folder(name: str) -> str:
        return name

    @app.get("/slashed/")
    def slashed() -> str:
        return "slashed"
