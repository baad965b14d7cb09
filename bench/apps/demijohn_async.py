"""demijohn with async views, for ASGI and RSGI; its `pool` kind has sync views."""

from __future__ import annotations

from typing import Any

import demijohn
from bench.apps import SECRET, STATIC, TEMPLATES, UNLIMITED, VISITS, flask_api
from bench.cases import CASES, DOCUMENT, ROUTED_RESOURCES, ROWS
from demijohn import g, request, session, websocket

ANSWERS = {case.name for case in CASES} - {"bridge"}


def make(kind: str) -> Any:
    """The application of this kind."""
    if kind == "pool":
        return flask_api.build(demijohn, "pool")
    app = demijohn.Flask("bench_app", template_folder=TEMPLATES, static_folder=STATIC, root_path=TEMPLATES)
    app.secret_key = SECRET
    if kind == "routes":
        _routes(app)
    else:
        _views(app)
        _streams(app)
    if kind == "hooks":
        _hooks(app)
    return app


def _hooks(app: demijohn.Flask) -> None:
    @app.before_request
    async def before() -> None:
        g.seen = "seen"

    @app.after_request
    async def after(response: Any) -> Any:
        response.headers["X-Hook"] = g.seen
        return response

    @app.teardown_request
    async def teardown(problem: BaseException | None) -> None:
        g.pop("seen", None)


def _routes(app: demijohn.Flask) -> None:
    async def listing() -> str:
        return "all"

    async def one(number: int) -> str:
        return str(number)

    async def item(number: int, item: str) -> str:
        return f"{number} {item}"

    async def action(number: int, item: str, action: str) -> str:
        return f"{number} {item} {action}"

    for n in range(ROUTED_RESOURCES):
        base = f"/api/v1/things{n}"
        app.add_url_rule(base, f"listing{n}", listing)
        app.add_url_rule(f"{base}/<int:number>", f"one{n}", one)
        app.add_url_rule(f"{base}/<int:number>/items/<item>", f"item{n}", item)
        app.add_url_rule(f"{base}/<int:number>/items/<item>/<action>", f"action{n}", action)


def _views(app: demijohn.Flask) -> None:
    @app.get("/hello")
    async def hello() -> str:
        return "Hello, World!"

    @app.get("/thing/<int:number>")
    async def thing(number: int) -> str:
        return str(number)

    @app.get("/json")
    async def document() -> dict[str, Any]:
        return DOCUMENT

    @app.get("/search")
    async def search() -> str:
        return f"{request.args['q']} {request.args.get('page', 1, type=int)}"

    @app.post("/form")
    async def form() -> str:
        return f"{request.form['name']} {request.form['quantity']}"

    @app.post("/upload")
    async def upload() -> str:
        return f"{request.form['title']} {len(request.files['file'].read())}"

    @app.get("/session")
    async def read() -> str:
        return f"user {session['user']}"

    @app.post("/session/write")
    async def write() -> str:
        session["user"] = 7
        session["visit"] = next(VISITS)
        return "stored"

    @app.get("/abort")
    async def missing() -> str:
        demijohn.abort(404)

    @app.get("/rows")
    async def rows() -> str:
        return demijohn.render_template("rows.html", title="Bottles", rows=ROWS)

    @app.get("/table")
    async def table() -> str:
        return demijohn.render_template("table.html", title="Bottles", rows=ROWS)

    @app.get("/page")
    async def page() -> str:
        return demijohn.render_template("page.html", heading="Cellar", text="Dark & cool")

    @app.get("/stream")
    async def stream() -> Any:
        async def digits() -> Any:
            for n in range(10):
                yield str(n)

        return demijohn.Response(digits(), mimetype="text/plain")


def _streams(app: demijohn.Flask) -> None:
    @app.post("/consume", stream=True, max_content_length=UNLIMITED)
    async def consume() -> str:
        size = 0
        async for chunk in request.stream:
            size += len(chunk)
        return str(size)

    @app.post("/parts", stream=True, max_content_length=UNLIMITED)
    async def parts() -> str:
        size = 0
        async for part in request.parts():
            async for piece in part:
                size += len(piece)
        return str(size)

    @app.websocket("/echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())
