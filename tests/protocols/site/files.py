"""Routes that send files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from demijohn import Flask, request, send_file, send_from_directory

HERE = Path(__file__).parent


def register(app: Flask) -> None:
    @app.route("/s/file")
    def file_sync() -> Any:
        return send_file(HERE / "static" / "alphabet.txt", conditional=True, max_age=60)

    @app.route("/a/file")
    async def file_async() -> Any:
        return send_file(HERE / "static" / "alphabet.txt", conditional=True, max_age=60)

    @app.route("/s/file-object")
    def file_object() -> Any:
        return send_file(io.BytesIO(b"from memory"), mimetype="text/plain", download_name="memory.txt")

    @app.route("/s/download")
    def download() -> Any:
        path = HERE / "static" / "alphabet.txt"
        return send_file(path, as_attachment=True, download_name=request.args["name"])

    @app.route("/s/folder-file/<path:name>")
    def folder_file(name: str) -> Any:
        return send_from_directory(HERE / "static", name)
