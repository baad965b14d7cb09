"""The ASGI side of the test client: scopes, the HTTP exchange and the lifespan (ASGI 3.0, HTTP spec 2.3).

Plays a strict server: a message the specification forbids raises in the application.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterable
from typing import Any

from demijohn.devserver.entries import asgi_entry
from demijohn.setup.lifespan import RAISED, Lifespan
from demijohn.typing import Message
from demijohn.testing.exchange import Exchange
from demijohn.testing.head import Fields, Head, checked_fields, checked_status
from demijohn.testing.ports import Application
from demijohn.testing.wire import WireRequest

__all__ = ["ASGIExchange", "ASGILifespan", "make_scope", "sent_head", "text_fields"]

#: Scope key under which environ entries that no wire carries travel to the adapter.
EXTRA_KEY = "demijohn.environ"


def make_scope(request: WireRequest, kind: str, state: dict[str, Any]) -> dict[str, Any]:
    """The connection scope of a request.

    :param kind: ``http`` or ``websocket``.
    :param state: What the lifespan left for requests.
    """
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


def text_fields(pairs: Iterable[tuple[object, object]]) -> Fields:
    """The header pairs of a message as text.

    :raises TypeError: For a name or value that is not bytes.
    :raises ValueError: For one that no server could send.
    """
    fields = []
    for name, value in pairs:
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise TypeError(f"ASGI header names and values are bytes, not {name!r}: {value!r}")
        fields.append((name.decode("latin-1"), value.decode("latin-1")))
    return checked_fields(fields)


def sent_head(message: Message) -> Head:
    """Status and headers of a message that starts a response."""
    return Head(checked_status(message["status"]), text_fields(message.get("headers", ())))


class ASGIExchange(Exchange):
    """One ``http`` connection."""

    def __init__(self, app: Application, request: WireRequest, state: dict[str, Any]) -> None:
        super().__init__()
        self._body = request.body
        self._unread = True
        self._begun = False
        self.launch(asgi_entry(app)(make_scope(request, "http", state), self.receive, self.send))

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
            self.events.put_nowait(sent_head(message))
        elif kind == "http.response.body" and self._begun:
            await self._send_body(message.get("body", b""), message.get("more_body", False))
        else:
            raise RuntimeError(f"{kind} is out of place")

    async def _send_body(self, data: object, more: bool) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"a body event holds bytes, not {type(data).__name__}")
        if more:
            await self.offer(data)
            return
        self.end(data)


class ASGILifespan(Lifespan):
    """The ``lifespan`` connection: ``startup`` before the first request, ``shutdown`` after the last.

    An application that has no lifespan (it raises on the scope) is left alone, as servers do.
    """

    def __init__(self, app: Application) -> None:
        super().__init__(asgi_entry(app), contextvars.Context())

    async def startup(self) -> None:
        """Run the application's start-up.

        :raises RuntimeError: With its reason, if it fails.
        """
        await self._step("startup")

    async def shutdown(self) -> None:
        """Run the application's shut-down. Raises what it raises.

        :raises RuntimeError: With its reason, if it fails.
        """
        if self.task is None or self.task.done():
            return
        answer = await self._step("shutdown")
        if answer["type"] == RAISED:
            raise answer["cause"]
        await asyncio.wait((self.task,))

    async def _step(self, name: str) -> Message:
        answer = await self.ask(name)
        if answer["type"] == f"lifespan.{name}.failed":
            raise RuntimeError(f"the application's {name} failed: {answer.get('message', '')}")
        return answer
