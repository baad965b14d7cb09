"""Nothing at all: the least an application can do, and Jinja alone for the pages. The floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, FileSystemLoader

from bench.apps import CHUNK, TEMPLATES
from bench.cases import ROWS

ANSWERS = {"hello", "page", "table"}
PAGES = {"/rows": "rows.html", "/table": "table.html"}
HEADERS = [("content-type", "text/plain; charset=utf-8"), ("content-length", "13")]
RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS]
environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


class Empty:
    """Answers hello, or the page, in whichever protocol it is called."""

    def __call__(self, first: Any, second: Any, third: Any = None) -> Any:
        return wsgi(first, second) if third is None else asgi(first, second, third)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path in PAGES:
            protocol.response_str(200, [("content-type", "text/html; charset=utf-8")], page(scope.path))
        else:
            protocol.response_str(200, HEADERS, "Hello, World!")


def page(path: str) -> str:
    """The page of rows, looked up by name as a framework would."""
    return environment.get_template(PAGES[path]).render(title="Bottles", rows=ROWS)


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The empty WSGI application."""
    if environ["PATH_INFO"] == "/consume":
        read, size = environ["wsgi.input"].read, 0
        while chunk := read(CHUNK):
            size += len(chunk)
        body = str(size).encode()
        start_response("200 OK", [("content-type", "text/plain"), ("content-length", str(len(body)))])
        return [body]
    if environ["PATH_INFO"] in PAGES:
        body = page(environ["PATH_INFO"]).encode()
        start_response(
            "200 OK", [("content-type", "text/html; charset=utf-8"), ("content-length", str(len(body)))]
        )
        return [body]
    start_response("200 OK", HEADERS)
    return [b"Hello, World!"]


async def echo(receive: Any, send: Any) -> None:
    """Say back what is heard on a WebSocket."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The empty ASGI application."""
    if scope["type"] == "websocket":
        await echo(receive, send)
        return
    if scope["type"] != "http":
        raise NotImplementedError("only HTTP and WebSockets are served here")
    if scope["path"] == "/consume":
        size, message = 0, await receive()
        while message["type"] == "http.request":
            size += len(message["body"])
            if not message.get("more_body"):
                break
            message = await receive()
        headers, body = [(b"content-type", b"text/plain")], str(size).encode()
    elif scope["path"] in PAGES:
        headers, body = [(b"content-type", b"text/html; charset=utf-8")], page(scope["path"]).encode()
    else:
        headers, body = RAW_HEADERS, b"Hello, World!"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def make(kind: str) -> Any:
    """One application for every kind."""
    return Empty()
