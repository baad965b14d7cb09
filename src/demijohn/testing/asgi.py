"""The ASGI side of the test client: scopes, the HTTP exchange and the lifespan (ASGI 3.0, HTTP spec 2.3).

Plays a strict server: a message the specification forbids raises in the application.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

from .exchange import Exchange, Head
from .wire import WireRequest

Message = dict[str, Any]

EXTRA_KEY = "demijohn.environ"
"""Scope key under which environ entries that no wire carries travel to the adapter."""


def make_scope(request: WireRequest, kind: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the connection scope of `request`; `kind` is ``"http"`` or ``"websocket"``."""
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.http_version,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.raw_path,
        "query_string": request.query,
        "root_path": request.root_path,
        "headers": request.headers,
        "client": request.client,
        "server": request.server,
        "state": dict(state),
    }
    if request.extra:
        scope[EXTRA_KEY] = request.extra
    if kind == "http":
        scope["method"] = request.method
    return scope


def text_headers(pairs: Any) -> list[tuple[str, str]]:
    """Return the header pairs of a message as text; raises `TypeError` or `ValueError` for what no server
    could send.
    """
    out = []
    for name, value in pairs:
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise TypeError(f"ASGI header names and values are bytes, not {name!r}: {value!r}")
        out.append(checked_header(name.decode("latin-1"), value.decode("latin-1")))
    return out


def checked_header(name: str, value: str) -> tuple[str, str]:
    """Return the pair unless it breaks RFC 9110 section 5 (a name that is no token, CR, LF or NUL in a
    value).
    """
    if not name or not all(c.isascii() and (c.isalnum() or c in "!#$%&'*+-.^_`|~") for c in name):
        raise ValueError(f"the application sent an invalid header name: {name!r}")
    if any(c in "\r\n\0" for c in value):
        raise ValueError(f"the application sent an invalid value for header {name}: {value!r}")
    return name, value


def checked_status(status: Any) -> int:
    """Return `status` if it is an integer of three digits, the only thing every server can send."""
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise ValueError(f"the application sent an invalid status: {status!r}")
    return status


class ASGIExchange(Exchange):
    """One ``http`` connection."""

    def __init__(self, app: Any, request: WireRequest, state: dict[str, Any]) -> None:
        super().__init__()
        self._body = request.body
        self._unread = True
        self._begun = False
        # The application itself may have been made a WSGI one only, by instrumentation that patches it.
        serve = getattr(app, "asgi_app", app)
        self.launch(serve(make_scope(request, "http", state), self.receive, self.send))

    async def receive(self) -> Message:
        """Give the application its next event: a piece of the body, later the disconnect."""
        if self._unread and not self.gone.is_set():
            try:
                data, self._unread = self._body.chunk()
            except EOFError:
                self.gone.set()
            else:
                return {"type": "http.request", "body": data, "more_body": self._unread}
        if not self.complete:
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take an event of the application's answer."""
        kind = message["type"]
        if self.complete:
            raise RuntimeError(f"{kind} sent after the response was complete")
        if kind == "http.response.start" and not self._begun:
            self._begun = True
            head = Head(checked_status(message["status"]), text_headers(message.get("headers", ())))
            self.events.put_nowait(head)
        elif kind == "http.response.body" and self._begun:
            await self._send_body(message.get("body", b""), message.get("more_body", False))
        else:
            raise RuntimeError(f"{kind} is out of place")

    async def _send_body(self, data: bytes, more: bool) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"a body event holds bytes, not {type(data).__name__}")
        if more:
            await self.offer(data)
            return
        self.end(data)


class ASGILifespan:
    """The ``lifespan`` connection: `startup` before the first request, `shutdown` after the last.

    An application that has no lifespan (it raises on the scope) is left alone, as servers do.
    """

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Run the application's start-up. Raises `RuntimeError` with its reason if it fails."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        call = self._app(scope, self._inbox.get, self._outbox.put)
        self._task = asyncio.get_running_loop().create_task(call, context=contextvars.Context())
        self._task.add_done_callback(lambda _: self._outbox.put_nowait(None))
        await self._step("startup")

    async def shutdown(self) -> None:
        """Run the application's shutdown. Raises `RuntimeError` with its reason if it fails."""
        if self._task is None or self._task.done():
            return
        await self._step("shutdown")
        await asyncio.wait((self._task,))

    async def _step(self, name: str) -> None:
        await self._inbox.put({"type": f"lifespan.{name}"})
        answer = await self._outbox.get()
        if answer is None:
            assert self._task is not None
            error = None if self._task.cancelled() else self._task.exception()
            if error is not None and name == "shutdown":
                raise error
            return
        if answer["type"] == f"lifespan.{name}.failed":
            raise RuntimeError(f"the application's {name} failed: {answer.get('message', '')}")
