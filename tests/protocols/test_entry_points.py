"""An application is served by its ASGI part alone too, and a replaced one is what servers get."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.servers import serve
from tests.support.web import OverSocket

from demijohn import Flask

SCOPE = {
    "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
    "headers": [(b"host", b"own.example")],
}  # fmt: skip


@pytest.mark.servers
@pytest.mark.parametrize("server", ["granian-asgi", "uvicorn", "hypercorn"])
def test_a_server_takes_asgi_app_for_an_application(server):
    """Where instrumentation has replaced ``__call__`` by one that knows WSGI only, as docs/compat.md says."""
    with serve("tests.protocols.app:app.asgi_app", server) as running:
        web = OverSocket(running)
        assert [web.get("/s/echo").status, web.get("/a/echo").status] == [200, 200]


def body_of(app):
    sent = []

    async def receive():
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    asyncio.run(app(SCOPE, receive, send))
    return sent[1]["body"]


def hello(cls=Flask):
    app = cls("entry")
    app.add_url_rule("/", "index", lambda: "view")
    return app


async def other(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"other"})


def test_asgi_middleware_may_be_put_on_and_taken_off_while_it_serves():
    app = hello()
    assert [body_of(app), body_of(app)] == [b"view", b"view"]
    app.asgi_app = other
    assert [body_of(app), body_of(app)] == [b"other", b"other"]
    del app.asgi_app
    assert [body_of(app), body_of(app)] == [b"view", b"view"]


def test_asgi_middleware_may_call_what_it_stands_around():
    app = hello()
    inner = app.asgi_app
    passed = []

    def around(scope, receive, send):
        passed.append(scope["path"])
        return inner(scope, receive, send)

    app.asgi_app = around
    assert [body_of(app), body_of(app)] == [b"view", b"view"]
    assert passed == ["/", "/"]


def test_a_subclass_may_override_asgi_app():
    class Own(Flask):
        def asgi_app(self, scope, receive, send):
            if scope.get("query_string"):
                return other(scope, receive, send)
            return super().asgi_app(scope, receive, send)

    app = hello(Own)
    assert [body_of(app), body_of(app)] == [b"view", b"view"]
    assert (
        body_of(lambda scope, receive, send: app({**scope, "query_string": b"x"}, receive, send)) == b"other"
    )
