"""Three blueprints whose hooks are all sync, all async, or both; each has a sync and an async view.

Every step notes its name and what it sees through the proxies, so a test can tell that all saw the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from demijohn import Blueprint, Flask, Response, current_app, g, request, stream_with_context

from . import journal


def step(name: str) -> None:
    seen = getattr(g, "trail", None)
    if seen is None:
        seen = g.trail = []
    seen.append(name)
    journal.note(request.args["key"], f"{name} {request.path} {id(seen)} {current_app.name}")


def views(room: Blueprint) -> None:
    @room.route("/s")
    def view_sync() -> str:
        step("view")
        return "seen"

    @room.route("/a")
    async def view_async() -> str:
        step("view")
        await asyncio.sleep(0)
        return "seen"

    @room.route("/s-stream")
    def stream_sync() -> Any:
        def pieces() -> Iterator[str]:
            step("body")
            yield "seen"

        step("view")
        return Response(stream_with_context(pieces()))

    @room.route("/a-stream")
    async def stream_async() -> Any:
        async def pieces() -> AsyncIterator[str]:
            step("body")
            yield "seen"

        step("view")
        return Response(stream_with_context(pieces()))

    @room.route("/s-fail")
    def fail_sync() -> str:
        raise KeyError("wanted")

    @room.route("/a-fail")
    async def fail_async() -> str:
        raise KeyError("wanted")


def sync_hooks(room: Blueprint) -> None:
    @room.before_request
    def before() -> None:
        step("before")

    @room.after_request
    def after(response: Response) -> Response:
        step("after")
        return response

    @room.teardown_request
    def teardown(error: BaseException | None) -> None:
        step("teardown")


def async_hooks(room: Blueprint) -> None:
    @room.before_request
    async def before() -> None:
        await asyncio.sleep(0)
        step("before")

    @room.after_request
    async def after(response: Response) -> Response:
        await asyncio.sleep(0)
        step("after")
        return response

    @room.teardown_request
    async def teardown(error: BaseException | None) -> None:
        await asyncio.sleep(0)
        step("teardown")


def register(app: Flask) -> None:
    for name in ("sync", "async", "mixed"):
        room = Blueprint(f"hooks_{name}", __name__, url_prefix=f"/hooks/{name}")
        if name != "async":
            sync_hooks(room)
        if name != "sync":
            async_hooks(room)
        views(room)
        handlers(room, name)
        app.register_blueprint(room)
    dropping(app)


def handlers(room: Blueprint, name: str) -> None:
    def handle(error: KeyError) -> tuple[str, int]:
        step("handler")
        return "handled", 409

    async def handle_async(error: KeyError) -> tuple[str, int]:
        step("handler")
        return "handled", 409

    room.register_error_handler(KeyError, handle if name == "sync" else handle_async)


def dropping(app: Flask) -> None:
    """A blueprint with a teardown that raises between two that must run all the same."""
    room = Blueprint("dropping", __name__, url_prefix="/dropping")

    @room.teardown_request
    def last(error: BaseException | None) -> None:
        journal.note(request.args["key"], "last")

    @room.teardown_request
    def raises(error: BaseException | None) -> None:
        raise RuntimeError("teardown failed")

    @room.teardown_request
    def first(error: BaseException | None) -> None:
        journal.note(request.args["key"], "first")

    @room.route("/s")
    def view_sync() -> str:
        return "intact"

    @room.route("/a")
    async def view_async() -> str:
        return "intact"

    app.register_blueprint(room)
