"""Calling an application as its server would, without a server.

Each driver holds one application and the requests it makes in turn, which differ at most in their
cookies: many visitors, not one. `once()` makes the first and returns the whole answer, for checking;
`run(n)` makes n calls with a fresh environ or scope each and throws the answers away, for timing. What
the shapes hold was taken from Granian 2.8 and gunicorn 27 with `print(environ)`.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any, Protocol
from urllib.parse import quote

from bench.cases import BY_NAME, Case
from bench.messages import Answer, Request


class Driver(Protocol):
    """What the worker needs of any protocol."""

    def once(self) -> Answer: ...

    def run(self, count: int) -> None: ...


# ----------------------------------------------------------------------------------------- WSGI


def environ_for(request: Request) -> dict[str, Any]:
    """The environ a server would pass, without `wsgi.input`, which each call gets anew."""
    environ: dict[str, Any] = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "bench",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50312",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "wsgi.url_scheme": "http",
    }
    for name, value in request.headers():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


class WsgiDriver:
    """Calls `app(environ, start_response)` in this thread."""

    def __init__(self, app: Any, requests: Sequence[Request]) -> None:
        self.app = app
        self.environs = [environ_for(request) for request in requests]
        self.body = requests[0].body

    def once(self) -> Answer:
        answer = Answer()

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answer.status = int(status[:3])
            answer.headers = [(name.lower(), value) for name, value in headers]
            return io.BytesIO().write

        result = self.app({**self.environs[0], "wsgi.input": io.BytesIO(self.body)}, start_response)
        try:
            answer.body = b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        return answer

    def run(self, count: int) -> None:
        app, body, new_body = self.app, self.body, io.BytesIO
        seen: list[Any] = [None, None]

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen[0] = status
            seen[1] = headers

        for base in islice(cycle(self.environs), count):
            environ = base.copy()
            environ["wsgi.input"] = new_body(body)
            result = app(environ, start_response)
            for _chunk in result:
                pass
            close = getattr(result, "close", None)
            if close is not None:
                close()


# ----------------------------------------------------------------------------------------- ASGI


def scope_for(request: Request) -> dict[str, Any]:
    """The scope a server would pass; each call gets a copy with its own `headers` and `state`."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "extensions": {"http.response.pathsend": {}},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50312),
        "scheme": "http",
        "method": request.method,
        "root_path": "",
        "path": request.path,
        "raw_path": quote(request.path).encode(),
        "query_string": request.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in request.headers()],
        "state": {},
    }


class AsgiExchange:
    """One request's `receive` and `send`. After the body, `receive` waits for the client to go away,
    which happens when the response is complete."""

    __slots__ = ("body", "chunks", "done", "start")

    def __init__(self, body: bytes) -> None:
        self.body: bytes | None = body
        self.start: dict[str, Any] = {}
        self.chunks: list[bytes] = []
        self.done: asyncio.Event | None = None

    async def receive(self) -> dict[str, Any]:
        body = self.body
        if body is not None:
            self.body = None
            return {"type": "http.request", "body": body, "more_body": False}
        if self.done is None:
            self.done = asyncio.Event()
        await self.done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.pathsend":
            with open(message["path"], "rb") as file:
                self.chunks.append(file.read())
        else:
            self.chunks.append(message.get("body", b""))
            if self.done is not None and not message.get("more_body"):
                self.done.set()


class AsgiDriver:
    """Awaits `app(scope, receive, send)` on one event loop, `in_flight` calls at a time."""

    def __init__(
        self, app: Any, requests: Sequence[Request], loop: asyncio.AbstractEventLoop, in_flight: int = 1
    ) -> None:
        self.app = app
        self.loop = loop
        self.in_flight = in_flight
        self.scopes = [scope_for(request) for request in requests]
        self.body = requests[0].body

    def once(self) -> Answer:
        exchange = AsgiExchange(self.body)
        first = self.scopes[0]
        scope = {**first, "headers": list(first["headers"]), "state": {}}
        self.loop.run_until_complete(self.app(scope, exchange.receive, exchange.send))
        headers = [
            (name.decode().lower(), value.decode()) for name, value in exchange.start.get("headers", ())
        ]
        return Answer(exchange.start["status"], headers, b"".join(exchange.chunks))

    def run(self, count: int) -> None:
        self.loop.run_until_complete(self._spread(count))

    async def _spread(self, count: int) -> None:
        if self.in_flight == 1:
            await self._calls(count)
            return
        await asyncio.gather(*(self._calls(count // self.in_flight) for _ in range(self.in_flight)))

    async def _calls(self, count: int) -> None:
        app, body = self.app, self.body
        for base in islice(cycle(self.scopes), count):
            scope = base.copy()
            scope["headers"] = base["headers"].copy()
            scope["state"] = {}
            exchange = AsgiExchange(body)
            await app(scope, exchange.receive, exchange.send)


async def start_lifespan(app: Any) -> None:
    """Run an ASGI application's start-up, if it has one; it is left running."""
    started = asyncio.Event()
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    inbox.put_nowait({"type": "lifespan.startup"})

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"start-up failed: {message.get('message', '')}")
        started.set()

    async def life() -> None:
        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, inbox.get, send)
        finally:
            started.set()

    task = asyncio.get_running_loop().create_task(life())
    task.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    _LIVES.append(task)
    await started.wait()


_LIVES: list[asyncio.Task[None]] = []  # a task nobody holds may be collected


# ----------------------------------------------------------------------------------------- RSGI


class RsgiHeaders(Mapping[str, str]):
    """Granian's header mapping: names are lower case."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._pairs[name]

    def __contains__(self, name: object) -> bool:
        return name in self._pairs

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def get(self, name: str, default: Any = None) -> Any:
        return self._pairs.get(name, default)

    def get_all(self, name: str) -> list[str]:
        return [self._pairs[name]] if name in self._pairs else []


class RsgiScope:
    """Granian's HTTP scope."""

    __slots__ = (
        "authority",
        "client",
        "headers",
        "http_version",
        "method",
        "path",
        "proto",
        "query_string",
        "rsgi_version",
        "scheme",
        "server",
    )

    def __init__(self, request: Request, pairs: list[tuple[str, str]]) -> None:
        self.authority = None
        self.client = "127.0.0.1:50312"
        self.headers = RsgiHeaders(pairs)
        self.http_version = "1.1"
        self.method = request.method
        self.path = request.path
        self.proto = "http"
        self.query_string = request.query
        self.rsgi_version = "1.6"
        self.scheme = "http"
        self.server = "127.0.0.1:8000"


class RsgiTransport:
    """Where a streamed RSGI response goes."""

    __slots__ = ("chunks",)

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks

    async def send_bytes(self, data: bytes) -> None:
        self.chunks.append(data)

    async def send_str(self, data: str) -> None:
        self.chunks.append(data.encode())


class RsgiExchange:
    """One request's RSGI protocol object."""

    __slots__ = ("body", "chunks", "headers", "status", "unread")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.chunks: list[bytes] = []

    async def __call__(self) -> bytes:
        return self.body

    def __aiter__(self) -> RsgiExchange:
        self.unread = bool(self.body)
        return self

    async def __anext__(self) -> bytes:
        # Not an async generator: one left unfinished would cost the loop a task, which Granian's does not.
        if not self.unread:
            raise StopAsyncIteration
        self.unread = False
        return self.body

    async def client_disconnect(self) -> None:
        await asyncio.get_running_loop().create_future()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, headers

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers = status, headers
        self.chunks.append(body)

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self.response_bytes(status, headers, body.encode())

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        with open(file, "rb") as opened:
            self.response_bytes(status, headers, opened.read())

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> RsgiTransport:
        self.status, self.headers = status, headers
        return RsgiTransport(self.chunks)


class RsgiDriver:
    """Awaits `app.__rsgi__(scope, protocol)` on one event loop."""

    def __init__(
        self, app: Any, requests: Sequence[Request], loop: asyncio.AbstractEventLoop, in_flight: int = 1
    ) -> None:
        self.app = app
        self.loop = loop
        self.in_flight = in_flight
        self.requests = [(request, request.headers()) for request in requests]
        self.body = requests[0].body

    def once(self) -> Answer:
        exchange = RsgiExchange(self.body)
        self.loop.run_until_complete(self.app.__rsgi__(RsgiScope(*self.requests[0]), exchange))
        headers = [(name.lower(), value) for name, value in exchange.headers]
        return Answer(exchange.status, headers, b"".join(exchange.chunks))

    def run(self, count: int) -> None:
        self.loop.run_until_complete(self._spread(count))

    async def _spread(self, count: int) -> None:
        if self.in_flight == 1:
            await self._calls(count)
            return
        await asyncio.gather(*(self._calls(count // self.in_flight) for _ in range(self.in_flight)))

    async def _calls(self, count: int) -> None:
        call, body = self.app.__rsgi__, self.body
        for request, pairs in islice(cycle(self.requests), count):
            await call(RsgiScope(request, pairs), RsgiExchange(body))


def make_driver(
    protocol: str,
    app: Any,
    requests: Sequence[Request],
    loop: asyncio.AbstractEventLoop,
    in_flight: int = 1,
) -> Driver:
    """The driver for `protocol` (wsgi, asgi or rsgi); WSGI takes no notice of `in_flight`."""
    if protocol == "wsgi":
        return WsgiDriver(app, requests)
    driver = AsgiDriver if protocol == "asgi" else RsgiDriver
    return driver(app, requests, loop, in_flight)


def driver_of(
    case: Case, protocol: str, app: Any, loop: asyncio.AbstractEventLoop, most_visitors: int = 1000
) -> Driver:
    """The driver for a case. A case that needs another's cookies gets those of its many visitors, so that
    an application gains nothing from remembering the last one."""
    requests = [case.request]
    if case.needs:
        giver = make_driver(protocol, app, [BY_NAME[case.needs].request], loop)
        cookies = [giver.once().cookie() + "; theme=dark" for _ in range(min(case.visitors, most_visitors))]
        requests = [replace(case.request, cookie=cookie) for cookie in cookies]
    return make_driver(protocol, app, requests, loop, case.in_flight)
