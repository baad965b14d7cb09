"""Django, Starlette and python-socketio below a prefix, on the three protocols and behind real servers."""

from __future__ import annotations

import contextlib
import gc
import sys
import tempfile
import textwrap

import pytest
import socketio
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from tests.support.servers import serve

from demijohn import Flask, url_for


@pytest.fixture(scope="module")
def django():
    """Django's two entries over two views."""
    from django.conf import settings

    settings.configure(
        DEBUG=False,
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="for a test",
        DEBUG_PROPAGATE_EXCEPTIONS=True,
    )
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path, reverse

    def page(request, number=0):
        return HttpResponse(f"{request.path} {reverse('bottle', args=[number])} {len(request.body)}")

    def fails(request):
        raise LookupError("Django's own")

    sys.modules[__name__].urlpatterns = [
        path("", page), path("bottles/<int:number>/", page, name="bottle"), path("fails/", fails),
    ]  # fmt: skip
    return get_wsgi_application(), get_asgi_application()


def starlette(events):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        events.append("up")
        yield {"pool": "open"}
        events.append("down")

    async def bottle(request):
        number = request.path_params["number"]
        size = len(await request.body())
        return PlainTextResponse(f"{request.url_for('bottle', number=number)} {request.state.pool} {size}")

    async def stream(request):
        async def parts():
            for number in range(3):
                yield f"{number} "

        return StreamingResponse(parts())

    return Starlette(
        routes=[
            Route("/bottles/{number}", bottle, methods=["GET", "POST"], name="bottle"),
            Route("/stream", stream),
        ],
        lifespan=lifespan,
    )


@pytest.fixture
def closed_files():
    """Close what Django leaves open under ASGI: collected later, it would be a warning in another test."""
    yield
    for thing in gc.get_objects():
        if type(thing) is tempfile.SpooledTemporaryFile:
            thing.close()


@pytest.mark.usefixtures("closed_files")
@pytest.mark.parametrize("kind", [0, 1], ids=["wsgi", "asgi"])
def test_django(app: Flask, reach, django, kind):
    app.mount("/django", django[kind], name="django")
    client = reach(app)
    for base in ("", "/srv"):
        root = f"http://localhost{base}/"
        assert client.get("/django/", base_url=root).text == f"{base}/django/ {base}/django/bottles/0/ 0"
        answer = client.post("/django/bottles/7/", base_url=root, data=b"x" * 70_000).text
        assert answer == f"{base}/django/bottles/7/ {base}/django/bottles/7/ 70000"
    assert client.get("/django/none/").status_code == 404
    assert client.get("/django/fails/").status_code == 500


def test_starlette(app: Flask, reach):
    events: list[str] = []
    app.mount("/star", starlette(events), name="star")
    with reach(app, lifespan=True) as client:
        assert events == ["up"]
        for base in ("", "/srv"):
            answer = client.post("/star/bottles/7", base_url=f"http://localhost{base}/", data=b"x" * 70_000)
            assert answer.text == f"http://localhost{base}/star/bottles/7 open 70000"
        assert client.get("/star/stream").text == "0 1 2 "
        assert client.get("/star/none").text == "Not Found"
    assert events == ["up", "down"]


def test_python_socketio_by_polling(app: Flask, reach):
    server = socketio.AsyncServer(async_mode="asgi")
    app.mount("/socket.io", socketio.ASGIApp(server, socketio_path=None), name="sio")
    answer = reach(app).get("/socket.io/?EIO=4&transport=polling")
    assert answer.status_code == 200
    assert answer.text.startswith('0{"sid":')


SERVED = """
import resource
from demijohn import Flask, request, websocket

inner, app = Flask("inner", static_folder=None), Flask("outer", static_folder=None)
inner.config["MAX_CONTENT_LENGTH"] = None

@app.get("/")
def index():
    return "ready"

@app.get("/peak")
def peak():
    return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)

@inner.websocket("/echo")
async def echo():
    await websocket.accept()
    while True:
        await websocket.send(websocket.root_path + websocket.path + await websocket.receive())

@inner.post("/size", stream=True)
async def size():
    return str(sum([len(chunk) async for chunk in request.stream]))

def wsgi(environ, start_response):
    size = 0
    while chunk := environ["wsgi.input"].read(65536):
        size += len(chunk)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(size).encode()] if size else (b"x" * 65536 for _ in range(1600))

async def asgi(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "text": scope["root_path"] + scope["path"] + message["text"]})
        await send({"type": "websocket.close", "code": 1000})
        return
    assert scope["type"] == "http"
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if size:
        await send({"type": "http.response.body", "body": str(size).encode()})
        return
    for _ in range(1600):
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b""})

app.mount("/inner", inner)
app.mount("/wsgi", wsgi)
app.mount("/asgi", asgi)
"""


@pytest.mark.servers
@pytest.mark.parametrize("server", ["demijohn-wsgi", "gunicorn", "granian-asgi", "uvicorn"])
def test_bodies_and_answers_are_streams_both_ways(server, tmp_path):
    (tmp_path / "mounted_served.py").write_text(textwrap.dedent(SERVED))
    import http.client

    def ask(method, path, body=None):
        connection = http.client.HTTPConnection(running.host, running.port, timeout=60)
        headers = {"Content-Length": str(100 * 1024 * 1024)} if body else {}
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        size = 0
        head = b""
        while chunk := answer.read(65536):
            size += len(chunk)
            head = head or chunk[:32]
        connection.close()
        return answer.status, head, size

    with serve(
        "mounted_served:app", server, env={"PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}"}
    ) as running:
        for path in ("/wsgi/", "/asgi/"):
            ask("GET", path)  # warm up
        before = int(ask("GET", "/peak")[1])
        for path in ("/wsgi/x", "/asgi/x", "/inner/size"):
            parts = (b"y" * 65536 for _ in range(1600))
            assert ask("POST", path, parts)[:2] == (200, b"104857600"), path
        for path in ("/wsgi/x", "/asgi/x"):
            assert ask("GET", path)[::2] == (200, 1600 * 65536)
        assert int(ask("GET", "/peak")[1]) - before <= 16  # both are rounded


@pytest.mark.servers
@pytest.mark.parametrize("server", ["granian-asgi", "uvicorn", "hypercorn"])
@pytest.mark.parametrize("prefix", ["", "/srv"])
def test_websockets_reach_what_is_mounted(server, prefix, tmp_path):
    from websockets.sync.client import connect

    (tmp_path / "mounted_served.py").write_text(textwrap.dedent(SERVED))
    options = {}
    if prefix:
        if server == "granian-asgi":
            options = {"url-path-prefix": prefix}
        else:
            options = {"root-path": prefix}
    with serve(
        "mounted_served:app", server, env={"PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}"}, ready="/",
        **options,
    ) as running:  # fmt: skip
        # Uvicorn puts its prefix before the path by itself; Granian and Hypercorn are asked with it.
        asked = "" if server == "uvicorn" else prefix
        url = f"ws://{running.host}:{running.port}{asked}"
        with connect(f"{url}/inner/echo") as socket:
            socket.send("!")
            assert socket.recv() == f"{prefix}/inner/echo!"
        with connect(f"{url}/asgi/echo") as socket:
            socket.send("!")
            assert socket.recv() == f"{prefix}/asgi{prefix}/asgi/echo!"


def test_what_is_foreign_is_named_by_its_path(app: Flask, django):
    app.mount("/django", django[0], name="django")
    with app.test_request_context():
        assert url_for("django:/bottles/3/") == "/django/bottles/3/"
