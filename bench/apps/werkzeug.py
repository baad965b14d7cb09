"""Werkzeug by itself: its routing map, request and response, as its tutorial puts them together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, FileSystemLoader
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from bench.apps import TEMPLATES
from bench.cases import DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {
    "hello",
    "params",
    "json",
    "query",
    "form",
    "multipart",
    "abort",
    "unrouted",
    "method",
    "page",
    "stream",
}
environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


def hello(request: Request) -> Response:
    return Response("Hello, World!")


def document(request: Request) -> Response:
    return Response(json.dumps(DOCUMENT), mimetype="application/json")


def search(request: Request) -> Response:
    return Response(f"{request.args['q']} {request.args.get('page', 1, type=int)}")


def form(request: Request) -> Response:
    return Response(f"{request.form['name']} {request.form['quantity']}")


def upload(request: Request) -> Response:
    return Response(f"{request.form['title']} {len(request.files['file'].read())}")


def missing(request: Request) -> Response:
    raise NotFound


def rows(request: Request) -> Response:
    page = environment.get_template("rows.html").render(title="Bottles", rows=ROWS)
    return Response(page, mimetype="text/html")


def stream(request: Request) -> Response:
    return Response((str(n) for n in range(10)), mimetype="text/plain")


def values(request: Request, **parts: Any) -> Response:
    return Response(" ".join(str(value) for value in parts.values()))


def _map(kind: str) -> Map:
    rules = Map()
    if kind != "routes":
        for path, view, method in (
            ("/hello", hello, "GET"),
            ("/json", document, "GET"),
            ("/search", search, "GET"),
            ("/form", form, "POST"),
            ("/upload", upload, "POST"),
            ("/abort", missing, "GET"),
            ("/rows", rows, "GET"),
            ("/stream", stream, "GET"),
        ):
            rules.add(Rule(path, endpoint=view, methods=[method]))
        return rules
    for n in range(ROUTED_RESOURCES):
        base = f"/api/v1/things{n}"
        for tail in (
            "",
            "/<int:number>",
            "/<int:number>/items/<item>",
            "/<int:number>/items/<item>/<action>",
        ):
            rules.add(Rule(base + tail, endpoint=values, methods=["GET"]))
    return rules


def make(kind: str) -> Callable[..., Any]:
    """The WSGI application."""
    rules = _map(kind)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        try:
            view, arguments = rules.bind_to_environ(environ).match()
            response: Any = view(Request(environ), **arguments)
        except HTTPException as problem:
            response = problem
        return response(environ, start_response)

    return application
