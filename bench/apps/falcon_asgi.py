"""Falcon over ASGI, its compiled parts in use where the wheel brings them."""

from __future__ import annotations

from typing import Any

import falcon
import falcon.asgi
from falcon.asgi import Request, Response

from bench.cases import DOCUMENT, ROUTED_RESOURCES

ANSWERS = {"hello", "params", "json", "query", "form", "multipart", "abort", "unrouted", "method", "stream"}


class Hello:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Hello, World!"


class Document:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.media = DOCUMENT


class Search:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = f"{req.get_param('q')} {req.get_param_as_int('page', default=1)}"


class Form:
    async def on_post(self, req: Request, resp: Response) -> None:
        fields = await req.get_media()
        resp.text = f"{fields['name']} {fields['quantity']}"


class Upload:
    async def on_post(self, req: Request, resp: Response) -> None:
        found: dict[str, Any] = {}
        async for part in await req.get_media():
            found[part.name] = await part.stream.read() if part.filename else await part.text
        resp.text = f"{found['title']} {len(found['file'])}"


class Missing:
    async def on_get(self, req: Request, resp: Response) -> None:
        raise falcon.HTTPNotFound


class Stream:
    async def on_get(self, req: Request, resp: Response) -> None:
        async def digits() -> Any:
            for n in range(10):
                yield b"%d" % n

        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = digits()


class Values:
    async def on_get(self, req: Request, resp: Response, **parts: Any) -> None:
        resp.text = " ".join(str(value) for value in parts.values())


def make(kind: str) -> Any:
    """The ASGI application."""
    app = falcon.asgi.App()
    if kind == "routes":
        for n in range(ROUTED_RESOURCES):
            base, values = f"/api/v1/things{n}", Values()
            for tail in (
                "",
                "/{number:int}",
                "/{number:int}/items/{item}",
                "/{number:int}/items/{item}/{action}",
            ):
                app.add_route(base + tail, values)
        return app
    for path, resource in (
        ("/hello", Hello()),
        ("/json", Document()),
        ("/search", Search()),
        ("/form", Form()),
        ("/upload", Upload()),
        ("/abort", Missing()),
        ("/stream", Stream()),
    ):
        app.add_route(path, resource)
    return app
