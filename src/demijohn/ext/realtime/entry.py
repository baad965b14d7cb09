"""Where a server's requests come in: ASGI in front of the application, or a route of it under WSGI and RSGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from demijohn import Flask, Response
from demijohn.ext.realtime.engine import websocket
from demijohn.ext.realtime.engine.polling import Answer, poll
from demijohn.ext.realtime.ports import Extension
from demijohn.extend import answer_below, current_request, request_of_scope
from demijohn.typing import Receive, Scope, Send
from demijohn.ext.realtime.server import Server

__all__ = ["attach"]

_ENDPOINT = "socketio"


def attach(app: Flask, path: str) -> None:
    """Have the application serve ``/path/`` by whatever server it has; the latest ``SocketIO`` answers."""
    paths = app.extensions.setdefault("socketio.paths", set())
    if path in paths:
        return
    paths.add(path)
    prefix = f"/{path}/"

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await _serve(app, _socketio(app).server, scope, receive, send)

    answer_below(app, prefix, answer)

    async def socketio_view() -> Response:
        socketio = _socketio(app)
        socketio.tell_of_polling()
        request = current_request()
        body = request.get_data() if request.method == "POST" else b""

        async def read(most: int) -> bytes | None:
            return body if len(body) <= most else None

        status, fields, body = await poll(socketio.server.eio, request, read)
        response: Response = app.response_class(body, status)
        response.headers.update(fields)
        return response

    socketio_view.checks_origin = True  # type: ignore[attr-defined]  # by cors_allowed_origins, for both transports
    app.add_url_rule(
        prefix, _endpoint(path), socketio_view, methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False,
        cross_origin=True,
    )  # fmt: skip


def _endpoint(path: str) -> str:
    """The name of its route, without the dot that would make it a blueprint's."""
    return _ENDPOINT if path == "socket.io" else f"{_ENDPOINT}-{path.replace('.', '-')}"


def _socketio(app: Flask) -> Extension:
    found: Extension = app.extensions["socketio"]
    return found


async def _serve(app: Flask, server: Server, scope: Scope, receive: Receive, send: Send) -> None:
    request = request_of_scope(app, scope)
    request.environ["flask.app"] = app
    if scope["type"] == "websocket":
        await websocket.serve(server.eio, request, receive, send)
        return
    answer = await poll(server.eio, request, _reader(receive))
    await _send(answer, send)


def _reader(receive: Receive) -> Callable[[int], Awaitable[bytes | None]]:
    async def read(most: int) -> bytes | None:
        body: bytes = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > most:
                return None
            if not message.get("more_body"):
                return body

    return read


async def _send(answer: Answer, send: Send) -> None:
    status, fields, body = answer
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()]
    if status != 204:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
