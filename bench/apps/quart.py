"""Quart, with async views."""

from __future__ import annotations

from typing import Any

import quart

from bench.apps import SECRET, STATIC, TEMPLATES, VISITS
from bench.cases import CASES, DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {case.name for case in CASES} - {"bridge"}


def make(kind: str) -> Any:
    """The ASGI application."""
    app = quart.Quart("bench_app", template_folder=TEMPLATES, static_folder=STATIC, root_path=TEMPLATES)
    app.secret_key = SECRET
    if kind == "routes":
        _routes(app)
    elif kind == "pool":
        _sync_hello(app)
    else:
        _views(app)
        _bodies(app)
    if kind == "hooks":
        _hooks(app)
    return app


def _sync_hello(app: quart.Quart) -> None:
    @app.get("/hello")
    def hello() -> str:
        return "Hello, World!"


def _hooks(app: quart.Quart) -> None:
    @app.before_request
    async def before() -> None:
        quart.g.seen = "seen"

    @app.after_request
    async def after(response: Any) -> Any:
        response.headers["X-Hook"] = quart.g.seen
        return response

    @app.teardown_request
    async def teardown(problem: BaseException | None) -> None:
        quart.g.pop("seen", None)


def _routes(app: quart.Quart) -> None:
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


def _views(app: quart.Quart) -> None:
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
        return f"{quart.request.args['q']} {quart.request.args.get('page', 1, type=int)}"

    @app.get("/session")
    async def read() -> str:
        return f"user {quart.session['user']}"

    @app.post("/session/write")
    async def write() -> str:
        quart.session["user"] = 7
        quart.session["visit"] = next(VISITS)
        return "stored"

    @app.get("/abort")
    async def missing() -> str:
        quart.abort(404)

    @app.get("/rows")
    async def rows() -> str:
        return await quart.render_template("rows.html", title="Bottles", rows=ROWS)

    @app.get("/table")
    async def table() -> str:
        return await quart.render_template("table.html", title="Bottles", rows=ROWS)

    @app.get("/page")
    async def page() -> str:
        return await quart.render_template("page.html", heading="Cellar", text="Dark & cool")

    @app.get("/stream")
    async def stream() -> Any:
        async def digits() -> Any:
            for n in range(10):
                yield str(n)

        return quart.Response(digits(), mimetype="text/plain")


def _bodies(app: quart.Quart) -> None:
    @app.post("/form")
    async def form() -> str:
        fields = await quart.request.form
        return f"{fields['name']} {fields['quantity']}"

    @app.post("/upload")
    async def upload() -> str:
        fields, files = await quart.request.form, await quart.request.files
        return f"{fields['title']} {len(files['file'].read())}"
