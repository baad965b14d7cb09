"""An application as users write one; tests/typing runs the type checkers over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from werkzeug.datastructures import FileStorage, Headers, ImmutableMultiDict

from demijohn import (
    Blueprint,
    Flask,
    Response,
    abort,
    after_this_request,
    copy_current_request_context,
    current_app,
    event_stream,
    flash,
    g,
    get_flashed_messages,
    has_app_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    render_template_string,
    request,
    safe_redirect,
    send_file,
    send_from_directory,
    session,
    stream_template,
    stream_with_context,
    url_for,
    websocket,
)
from demijohn.testing import AsyncFlaskClient, FlaskClient, FlaskCliRunner
from demijohn.typing import ResponseReturnValue
from demijohn.views import MethodView

app = Flask(__name__)
pages = Blueprint("pages", __name__, url_prefix="/pages")


@app.before_request
def load_person() -> None:
    g.person = request.cookies.get("person")
    g.setdefault("seen", 0)
    del g.seen


@app.before_request
async def load_more() -> None:
    g.more = True


@app.after_request
def stamp(response: Response) -> Response:
    response.headers["X-Stamp"] = "1"
    response.set_cookie("seen", "1", max_age=60, secure=True, samesite="Lax")
    return response


@app.teardown_request
def ended(exc: BaseException | None) -> None:
    g.pop("person", None)


@app.errorhandler(404)
def missing(error: Exception) -> tuple[str, int]:
    return "nothing here", 404


@app.errorhandler(ValueError)
async def wrong(error: ValueError) -> ResponseReturnValue:
    return {"error": str(error)}, 400


@app.context_processor
def names() -> dict[str, Any]:
    return {"person": g.person}


@app.get("/")
def index() -> str:
    assert_type(request.method, str)
    assert_type(request.path, str)
    assert_type(request.scheme, str)
    assert_type(request.host, str)
    assert_type(request.url, str)
    assert_type(request.root_path, str)
    assert_type(request.query_string, bytes)
    assert_type(request.remote_addr, str | None)
    assert_type(request.content_length, int | None)
    assert_type(request.view_args, dict[str, Any] | None)
    assert_type(request.endpoint, str | None)
    assert_type(request.blueprint, str | None)
    assert_type(request.blueprints, list[str])
    assert_type(request.args, ImmutableMultiDict[str, str])
    assert_type(request.form, ImmutableMultiDict[str, str])
    assert_type(request.cookies, ImmutableMultiDict[str, str])
    assert_type(request.files, ImmutableMultiDict[str, FileStorage])
    assert_type(request.args.get("page", 1, type=int), int)
    assert_type(request.get_data(), bytes)
    assert_type(request.get_json(), Any)
    assert_type(request.get_json(silent=True), Any | None)
    assert_type(request.get_cookie("a"), str | None)
    assert_type(request.max_content_length, int | None)
    field: str | None = request.headers.get("X-Field")
    request.max_content_length = 1024
    return field or render_template("index.html", title="Home")


def headers() -> Headers:
    return request.headers


@app.post("/go")
def go() -> Response:
    assert_type(url_for("index", _external=True), str)
    assert_type(make_response("text", 201), Response)
    assert_type(jsonify(a=1), Response)
    assert_type(current_app.make_response(("text", 201)), Response)
    assert_type(current_app.redirect("/"), Response)
    assert_type(current_app.url_for("index"), str)
    assert_type(current_app.name, str)
    assert_type(current_app.debug, bool)
    assert_type(has_app_context(), bool)
    assert_type(get_flashed_messages(), list[Any])
    flash("done", "info")
    if request.form.get("next"):
        return safe_redirect(request.form["next"], url_for("index"))
    return redirect(url_for("index"), code=303)


@app.get("/maybe/<int:number>")
def maybe(number: int) -> ResponseReturnValue:
    if number:
        abort(404, "no such number")
    return {"never": "reached"}


@app.get("/files/<path:name>")
def files(name: str) -> Response:
    assert_type(send_file("a.txt", as_attachment=True, download_name="b.txt", max_age=60), Response)
    return send_from_directory("files", name)


@app.get("/visits")
async def visits() -> ResponseReturnValue:
    session["visits"] = session.get("visits", 0) + 1
    session.permanent = True

    @after_this_request
    def mark(response: Response) -> Response:
        return response

    return jsonify(visits=session["visits"])


@app.get("/rows")
def rows() -> ResponseReturnValue:
    def generate() -> Iterator[str]:
        yield "1"

    return stream_with_context(generate())


@app.get("/ticks")
async def ticks() -> ResponseReturnValue:
    async def events() -> AsyncIterator[str]:
        yield "tick"

    return event_stream(events())


@app.get("/page")
def page() -> ResponseReturnValue:
    return stream_template("page.html")


@app.get("/text")
def text() -> ResponseReturnValue:
    return render_template_string("{{ person }}"), 200, {"X-Text": "1"}


@app.websocket("/echo")
async def echo() -> None:
    await websocket.accept(subprotocol="v1")
    while True:
        message = await websocket.receive()
        assert_type(message, str | bytes)
        await websocket.send(message)


@pages.get("/")
def first() -> str:
    @copy_current_request_context
    def work(times: int) -> str:
        return request.path * times

    assert_type(work(2), str)
    current_app.add_background_task(work, 2)
    return "first"


class Bottles(MethodView):
    init_every_request = False

    def get(self) -> ResponseReturnValue:
        return {"bottles": []}

    async def post(self) -> ResponseReturnValue:
        return "", 204


@app.before_serving
async def start() -> None:
    app.config["STARTED"] = True


@app.while_serving
async def hold() -> AsyncIterator[None]:
    yield


app.add_url_rule("/bottles", view_func=Bottles.as_view("bottles"))
app.register_blueprint(pages)

client = app.test_client(protocol="asgi")
assert_type(client, FlaskClient)
assert_type(client.get("/").status_code, int)
assert_type(client.get("/").text, str)
with client.session_transaction() as opened:
    opened["visits"] = 3
    opened.permanent = True
with client.websocket("/echo") as socket:
    assert_type(socket.receive(), str | bytes)
assert_type(app.test_cli_runner(), FlaskCliRunner)
assert_type(app.test_cli_runner().invoke(args=["routes"]).exit_code, int)


async def ask() -> None:
    async with app.async_test_client() as asker:
        assert_type(asker, AsyncFlaskClient)
        assert_type((await asker.get("/")).status_code, int)


with app.app_context():
    g.anything = 1
with app.test_request_context("/"):
    found: int = g.anything
