"""The smallest applications that speak ASGI and RSGI, to test the drivers without the framework."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from werkzeug.wrappers import Response


class Tiny:
    """What a client asks of an application, and entry points that a test fills in."""

    config: dict[str, Any] = {"SERVER_NAME": None, "APPLICATION_ROOT": "/", "PREFERRED_URL_SCHEME": "http"}
    response_class = Response
    json = json

    def __init__(self, asgi: Any = None, rsgi: Any = None) -> None:
        self._asgi = asgi
        if rsgi is not None:
            self.__rsgi__ = rsgi

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._asgi(scope, receive, send)


async def read_body(receive: Any) -> bytes:
    """The whole body. Raises `EOFError` if the client goes away first."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise EOFError
        body += message["body"]
        if not message["more_body"]:
            return body


async def answer(send: Any, body: bytes = b"", status: int = 200, headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what the scope and the body held."""
    if scope["type"] != "http":
        raise NotImplementedError
    told = {key: value for key, value in scope.items() if isinstance(value, str)}
    told["raw_path"] = scope["raw_path"].decode()
    told["query_string"] = scope["query_string"].decode()
    told["headers"] = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    told["client"] = scope["client"]
    told["extra"] = sorted(scope.get("demijohn.environ", {}))
    told["body"] = (await read_body(receive)).decode("latin-1")
    await answer(send, json.dumps(told).encode(), headers=[(b"content-type", b"application/json")])


async def tell_rsgi(scope: Any, protocol: Any) -> None:
    told = {
        name: getattr(scope, name) for name in ("proto", "scheme", "method", "path", "query_string", "client")
    }
    told["headers"] = scope.headers.items()
    told["body"] = (await protocol()).decode("latin-1")
    protocol.response_str(200, [("content-type", "application/json")], json.dumps(told))


async def forever(scope: Any, receive: Any, send: Any) -> None:
    """Stream until the client goes away."""
    await read_body(receive)
    gone = asyncio.ensure_future(receive())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    count = 0
    while not gone.done():
        await send({"type": "http.response.body", "body": b"%d " % count, "more_body": True})
        count += 1
    forever.sent = count
