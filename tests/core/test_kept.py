"""What a sender chooses is kept from one request to the next only when it is short."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from io import BytesIO

import pytest

from demijohn import request
from demijohn.devserver.gateway import environ_of

LONG = 20_000
#: Fewer than any of the caches holds, so that each of them would keep all.
REQUESTS = 60

FORM = b"application/x-www-form-urlencoded"
HOST = [(b"host", b"localhost")]
#: Path, query, header fields and body in which the text stands.
CHOSEN = {
    "path": lambda text: ("/é".encode() + text, b"", [], b""),
    "query": lambda text: (b"/", text + b"=%C3%A9" + text, [], b""),
    "name of a field": lambda text: (b"/", b"", [(b"x-" + text, b"1")], b""),
    "value of a field": lambda text: (b"/", b"", [(b"accept", text), (b"content-type", text)], b""),
    "cookie": lambda text: (b"/", b"", [(b"cookie", text + b"=" + text)], b""),
    "language": lambda text: (b"/", b"", [(b"accept-language", text + b";q=0.5")], b""),
    "form": lambda text: (b"/", b"", [(b"content-type", FORM)], text + b"=1"),
}


def asked_over_asgi(app, path, query, fields, body):
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
        "method": "POST" if body else "GET", "path": path.decode(), "raw_path": path, "query_string": query,
        "headers": [*HOST, *fields, (b"content-length", b"%d" % len(body))],
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app.asgi_app(scope, receive, send))
    return sent[0]["status"]


def asked_over_wsgi(app, path, query, fields, body):
    environ = environ_of(
        {
            "method": "POST" if body else "GET", "raw_path": path, "query_string": query, "http_version": "1.1",
            "server": ("127.0.0.1", "80"), "client": ("127.0.0.1", "1"), "scheme": "http",
            "headers": [*HOST, *fields, (b"content-length", b"%d" % len(body))],
        }
    )  # fmt: skip
    environ["wsgi.input"] = BytesIO(body)
    status = []
    b"".join(app.wsgi_app(environ, lambda line, fields, exc_info=None: status.append(int(line[:3]))))
    return status[0]


@pytest.mark.parametrize("kind", CHOSEN)
@pytest.mark.parametrize("ask", [asked_over_wsgi, asked_over_asgi], ids=["WSGI", "ASGI"])
def test_sixty_long_texts_leave_nothing_behind(app, kind, ask):
    @app.route("/", methods=["GET", "POST"])
    @app.route("/<path:rest>")
    def look(rest=""):
        seen = (
            request.args,
            request.form,
            request.cookies,
            request.accept_languages,
            dict(request.headers),
            rest,
        )
        return str(len(seen)), {"Content-Type": request.headers.get("Content-Type", "text/plain")}

    assert ask(app, *CHOSEN[kind](b"warm" * 10)) == 200
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(REQUESTS):
            ask(app, *CHOSEN[kind](b"%05d" % number + b"x" * LONG))
        gc.collect()
        left = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert left < 10 * LONG
