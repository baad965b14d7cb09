"""Routes that read the request's body in every way there is."""

from __future__ import annotations

import hashlib
from typing import Any

from demijohn import Flask, request

from . import journal


def digest(data: bytes) -> dict[str, Any]:
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def form() -> dict[str, Any]:
    return {
        "form": {name: request.form.getlist(name) for name in request.form},
        "files": {
            name: [[part.filename, part.content_type, part.read().decode("latin-1")] for part in parts]
            for name, parts in request.files.lists()
        },
    }


def drain() -> dict[str, Any]:
    """Read the stream in small pieces, so that several receives are needed."""
    total, sha = 0, hashlib.sha256()
    while piece := request.stream.read(10_000):
        total += len(piece)
        sha.update(piece)
    return {"length": total, "sha256": sha.hexdigest()}


def register(app: Flask) -> None:
    @app.post("/s/data")
    def data_sync() -> dict[str, Any]:
        key = request.args.get("key", "")
        body = request.get_data()
        journal.note(key, f"complete {len(body)}")
        return digest(body)

    @app.post("/a/data")
    async def data_async() -> dict[str, Any]:
        key = request.args.get("key", "")
        body = request.get_data()
        journal.note(key, f"complete {len(body)}")
        return digest(body)

    @app.post("/s/form")
    def form_sync() -> dict[str, Any]:
        return form()

    @app.post("/a/form")
    async def form_async() -> dict[str, Any]:
        return form()

    @app.post("/s/json")
    def json_sync() -> dict[str, Any]:
        return {"got": request.get_json()}

    @app.post("/a/json")
    async def json_async() -> dict[str, Any]:
        return {"got": request.get_json()}

    @app.post("/s/stream")
    def stream_sync() -> dict[str, Any]:
        result = drain()
        journal.note(request.args.get("key", ""), f"complete {result['length']}")
        return result

    @app.post("/s/upload", stream=True)
    def upload_sync() -> dict[str, Any]:
        result = drain()
        journal.note(request.args.get("key", ""), f"complete {result['length']}")
        return result

    @app.post("/a/upload", stream=True)
    async def upload_async() -> dict[str, Any]:
        total, sha = 0, hashlib.sha256()
        async for piece in request.stream:
            total += len(piece)
            sha.update(piece)
        journal.note(request.args.get("key", ""), f"complete {total}")
        return {"length": total, "sha256": sha.hexdigest()}

    @app.post("/s/parts", stream=True)
    def parts_sync() -> dict[str, Any]:
        seen = {part.name: digest(part.read()) for part in request.parts()}
        journal.note(request.args.get("key", ""), "complete")
        return seen

    @app.post("/a/parts", stream=True)
    async def parts_async() -> dict[str, Any]:
        seen = {part.name: digest(await part.aread()) async for part in request.parts()}
        journal.note(request.args.get("key", ""), "complete")
        return seen

    @app.post("/s/ignore")
    def ignore_sync() -> str:
        return "not read"

    @app.post("/a/ignore")
    async def ignore_async() -> str:
        return "not read"

    @app.post("/s/lines")
    def lines() -> list[str]:
        """`readline` is what csv and codecs call; one server's own is broken."""
        return [line.decode() for line in iter(request.stream.readline, b"")]
