"""Falcon over WSGI, its compiled parts in use where the wheel brings them."""

from __future__ import annotations

from typing import Any

import falcon
from falcon import Request, Response
from jinja2 import Environment, FileSystemLoader

from bench.apps import STATIC, TEMPLATES
from bench.cases import DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {
    "hello", "params", "json", "query", "form", "multipart", "abort", "unrouted", "method", "page", "static",
    "stream", "hooks",
}  # fmt: skip
environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


class Hello:
    def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Hello, World!"


class Document:
    def on_get(self, req: Request, resp: Response) -> None:
        resp.media = DOCUMENT


class Search:
    def on_get(self, req: Request, resp: Response) -> None:
        resp.text = f"{req.get_param('q')} {req.get_param_as_int('page', default=1)}"


class Form:
    def on_post(self, req: Request, resp: Response) -> None:
        fields = req.get_media()
        resp.text = f"{fields['name']} {fields['quantity']}"


class Upload:
    def on_post(self, req: Request, resp: Response) -> None:
        found: dict[str, Any] = {}
        for part in req.get_media():
            found[part.name] = part.stream.read() if part.filename else part.text
        resp.text = f"{found['title']} {len(found['file'])}"


class Missing:
    def on_get(self, req: Request, resp: Response) -> None:
        raise falcon.HTTPNotFound


class Rows:
    def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.text = environment.get_template("rows.html").render(title="Bottles", rows=ROWS)


class Stream:
    def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = (b"%d" % n for n in range(10))


class Values:
    def on_get(self, req: Request, resp: Response, **parts: Any) -> None:
        resp.text = " ".join(str(value) for value in parts.values())


class Hooks:
    def process_request(self, req: Request, resp: Response) -> None:
        req.context.seen = "seen"

    def process_response(self, req: Request, resp: Response, resource: object, req_succeeded: bool) -> None:
        resp.set_header("X-Hook", req.context.seen)


def make(kind: str) -> Any:
    """The WSGI application."""
    app = falcon.App(middleware=[Hooks()] if kind == "hooks" else None)
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
        ("/rows", Rows()),
        ("/stream", Stream()),
    ):
        app.add_route(path, resource)
    app.add_static_route("/static", STATIC)
    return app
