"""Bottle."""

from __future__ import annotations

from typing import Any

import bottle
from bottle import HTTPError, jinja2_template, request, response

from bench.apps import SECRET, STATIC, TEMPLATES, VISITS
from bench.cases import CASES, DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {case.name for case in CASES} - {"layout", "pool", "bridge"}
LOOKUP = [TEMPLATES]
bottle.DEBUG = False


def make(kind: str) -> bottle.Bottle:
    """The WSGI application."""
    app = bottle.Bottle()
    if kind == "routes":
        _routes(app)
    else:
        _views(app)
        _session(app)
    if kind == "hooks":
        _hooks(app)
    return app


def _hooks(app: bottle.Bottle) -> None:
    @app.hook("before_request")
    def before() -> None:
        request.seen = "seen"

    @app.hook("after_request")
    def after() -> None:
        response.set_header("X-Hook", request.seen)

    @app.hook("after_request")
    def teardown() -> None:
        pass


def _routes(app: bottle.Bottle) -> None:
    def listing() -> str:
        return "all"

    def one(number: int) -> str:
        return str(number)

    def item(number: int, item: str) -> str:
        return f"{number} {item}"

    def action(number: int, item: str, action: str) -> str:
        return f"{number} {item} {action}"

    for n in range(ROUTED_RESOURCES):
        base = f"/api/v1/things{n}"
        app.route(base, callback=listing)
        app.route(f"{base}/<number:int>", callback=one)
        app.route(f"{base}/<number:int>/items/<item>", callback=item)
        app.route(f"{base}/<number:int>/items/<item>/<action>", callback=action)


def _session(app: bottle.Bottle) -> None:
    # Bottle has no session; its signed cookies are what its users keep one in.
    @app.get("/session")
    def read() -> str:
        return f"user {request.get_cookie('session', secret=SECRET)['user']}"

    @app.post("/session/write")
    def write() -> str:
        session = request.get_cookie("session", secret=SECRET) or {}
        session["user"] = 7
        session["visit"] = next(VISITS)
        response.set_cookie("session", session, secret=SECRET, httponly=True, path="/")
        return "stored"


def _views(app: bottle.Bottle) -> None:
    @app.get("/hello")
    def hello() -> str:
        return "Hello, World!"

    @app.get("/json")
    def document() -> dict[str, Any]:
        return DOCUMENT

    @app.get("/search")
    def search() -> str:
        return f"{request.query.q} {request.query.get('page', 1, type=int)}"

    @app.post("/form")
    def form() -> str:
        return f"{request.forms.name} {request.forms.quantity}"

    @app.post("/upload")
    def upload() -> str:
        return f"{request.forms.title} {len(request.files.file.file.read())}"

    @app.get("/abort")
    def missing() -> None:
        raise HTTPError(404, "Not found")

    settings = {"template_lookup": LOOKUP, "template_settings": {"autoescape": True}}

    @app.get("/rows")
    def rows() -> str:
        return jinja2_template("rows.html", title="Bottles", rows=ROWS, **settings)

    @app.get("/table")
    def table() -> str:
        return jinja2_template("table.html", title="Bottles", rows=ROWS, **settings)

    @app.get("/static/<name>")
    def static(name: str) -> Any:
        return bottle.static_file(name, root=STATIC)

    @app.get("/stream")
    def stream() -> Any:
        for n in range(10):
            yield str(n)
