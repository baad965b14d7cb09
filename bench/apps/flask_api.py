"""The application for Flask and for whatever offers Flask's API: one text, so the same code is timed.

The views are Flask's documented style. `build` is given the package, and knows nothing else of it.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from bench.apps import SECRET, STATIC, TEMPLATES, VISITS
from bench.cases import CASES, DOCUMENT, ROUTED_RESOURCES, ROWS

ANSWERS = {case.name for case in CASES}


def build(package: ModuleType, kind: str) -> Any:
    """The application of this kind, made with `package.Flask`."""
    app = package.Flask("bench_app", template_folder=TEMPLATES, static_folder=STATIC, root_path=TEMPLATES)
    app.secret_key = SECRET
    if kind == "routes":
        _routes(app)
    elif kind == "bridge":
        _async_hello(app)
    else:
        _views(app, package)
    if kind == "hooks":
        _hooks(app, package)
    return app


def _async_hello(app: Any) -> None:
    @app.get("/hello")
    async def hello() -> str:
        return "Hello, World!"


def _hooks(app: Any, package: ModuleType) -> None:
    @app.before_request
    def before() -> None:
        package.g.seen = "seen"

    @app.after_request
    def after(response: Any) -> Any:
        response.headers["X-Hook"] = package.g.seen
        return response

    @app.teardown_request
    def teardown(problem: BaseException | None) -> None:
        package.g.pop("seen", None)


def _routes(app: Any) -> None:
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
        app.add_url_rule(base, f"listing{n}", listing)
        app.add_url_rule(f"{base}/<int:number>", f"one{n}", one)
        app.add_url_rule(f"{base}/<int:number>/items/<item>", f"item{n}", item)
        app.add_url_rule(f"{base}/<int:number>/items/<item>/<action>", f"action{n}", action)


def _views(app: Any, package: ModuleType) -> None:
    request, session, abort = package.request, package.session, package.abort

    @app.get("/hello")
    def hello() -> str:
        return "Hello, World!"

    @app.get("/thing/<int:number>")
    def thing(number: int) -> str:
        return str(number)

    @app.get("/json")
    def document() -> dict[str, Any]:
        return DOCUMENT

    @app.get("/search")
    def search() -> str:
        return f"{request.args['q']} {request.args.get('page', 1, type=int)}"

    @app.post("/form")
    def form() -> str:
        return f"{request.form['name']} {request.form['quantity']}"

    @app.post("/upload")
    def upload() -> str:
        return f"{request.form['title']} {len(request.files['file'].read())}"

    @app.get("/session")
    def read() -> str:
        return f"user {session['user']}"

    @app.post("/session/write")
    def write() -> str:
        session["user"] = 7
        session["visit"] = next(VISITS)
        return "stored"

    @app.get("/abort")
    def missing() -> str:
        abort(404)

    @app.get("/rows")
    def rows() -> str:
        return package.render_template("rows.html", title="Bottles", rows=ROWS)

    @app.get("/table")
    def table() -> str:
        return package.render_template("table.html", title="Bottles", rows=ROWS)

    @app.get("/page")
    def page() -> str:
        return package.render_template("page.html", heading="Cellar", text="Dark & cool")

    @app.get("/stream")
    def stream() -> Any:
        def digits() -> Any:
            for n in range(10):
                yield str(n)

        return package.Response(digits(), mimetype="text/plain")
