"""The application as an RSGI application (Granian's own interface), for HTTP.

What RSGI does not carry is closed here as far as it can be: a status outside 100 to 999 never
reaches the server, and a body shorter than announced is not taken for complete. Streams have no
back-pressure and WebSockets lose sub-protocols and close codes, so those are served by ASGI.
"""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import get_running_loop
from collections.abc import Iterator
from typing import Any

from demijohn import signals
from demijohn.adapters.environ import LazyEnviron, ScopeContext, as_latin1, common_makers, constant
from demijohn.adapters.complete import (
    NO_BODY, close_body, open_body, respond, serve_complete, short_way,
)  # fmt: skip
from demijohn.adapters.exchange import Parts, until_gone
from demijohn.adapters.ports import Application
from demijohn.typing import RawHeaders
from demijohn.dispatch.matching import find
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.short import steps_of
from demijohn.http.headers import Headers, titled_name
from demijohn.wrappers.body import truncated


class RSGIEnviron(LazyEnviron):
    """The environ of an RSGI HTTP scope."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self["REQUEST_METHOD"] = scope.method
        path: str = scope.path  # decoded already
        self["PATH_INFO"] = path if path.isascii() else as_latin1(path)
        extra = getattr(scope, "demijohn_environ", None)
        if extra is not None:
            self.update(extra)

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self.scope.headers.items():
            yield name.lower(), value

    def _header(self, name: str) -> str | None:
        headers = self.scope.headers
        value: str | None = headers.get(name)
        if value is None:
            # HTTP/2 has :authority where HTTP/1.1 has Host.
            return self.scope.authority if name == "host" else None
        several = headers.get_all(name)
        if len(several) > 1:
            value = ("; " if name == "cookie" else ",").join(several)
        return value

    def make_headers(self) -> Headers:
        """The header fields as a list of their own."""
        return Headers([(titled_name(name.encode("latin-1")), value) for name, value in self._headers()])


def _split_address(address: str) -> tuple[str, str]:
    """Host and port of ``host:port``; all of it as the host where there is no port."""
    host, _, port = address.rpartition(":")
    return host.strip("[]") or address, port


def _uri(scope: Any) -> str:
    return f"{scope.path}?{scope.query_string}" if scope.query_string else scope.path


RSGIEnviron.makers = {
    **common_makers("rsgi"),
    "SCRIPT_NAME": constant(""),
    "QUERY_STRING": lambda scope: scope.query_string or "",
    "SERVER_NAME": lambda scope: _split_address(scope.server)[0],
    "SERVER_PORT": lambda scope: _split_address(scope.server)[1],
    "SERVER_PROTOCOL": lambda scope: f"HTTP/{scope.http_version}",
    "REQUEST_URI": _uri,
    "RAW_URI": _uri,
    "REMOTE_ADDR": lambda scope: _split_address(scope.client)[0],
    "REMOTE_PORT": lambda scope: _split_address(scope.client)[1],
    "wsgi.url_scheme": lambda scope: scope.scheme,
    "rsgi.scope": lambda scope: scope,
}


class Context(ScopeContext):
    """The context of a request that needs no more of its scope than routing does."""

    def make_environ(self) -> RSGIEnviron:
        """The environ of ``received``."""
        return RSGIEnviron(self.received)


async def serve(app: Application, scope: Any, protocol: Any) -> None:
    """Answer one RSGI request."""
    if scope.proto != "http":
        app.logger.error(
            "A WebSocket came over RSGI, which loses sub-protocols and close codes:"
            " serve with --interface asgi instead."
        )
        protocol.close(501)
        return
    lifecycle = app.lifecycle
    if lifecycle.thread != get_ident() or not lifecycle.loop.is_running():
        await lifecycle.enter(get_running_loop())
    path = scope.path
    hosts = scope.headers.get_all("host")
    way = app._way or app.settle()
    if (
        not way.bare
        or signals.listening
        or len(hosts) > 1
        or not path.isascii()
        or getattr(scope, "demijohn_environ", None) is not None
    ):
        await serve_complete(app, RSGIEnviron(scope), _announces_body(scope), RSGIExchange(protocol))
        return
    # PERF: from here on neither the environ nor the request is made before the view asks for it.
    ctx = Context(app, way, None, scope)
    try:
        method = scope.method
        host = hosts[0] if hosts else scope.authority
        # PERF: what find does for most requests, without a call (0.1 us).
        methods = way.static_plans.get(path)
        plan = methods.get(method) if methods is not None and host in way.good_hosts else None
        if plan is None:
            find(app, ctx, host, path, method)
            plan = ctx.plan
        else:
            ctx.plan = plan
        if method not in NO_BODY or _announces_body(scope):
            await open_body(app, ctx, RSGIExchange(protocol))
        outcome: Any
        if not plan.short or method == "HEAD":
            outcome = pipeline(app, ctx)
        elif plan.on_loop:
            outcome = await short_way(app, ctx)
        else:
            outcome = steps_of(app, ctx)
        if outcome.__class__ is not tuple:
            outcome = await respond(app, ctx, outcome, method, RSGIExchange(protocol))
        if outcome is not None:
            protocol.response_bytes(outcome[0], outcome[2], outcome[3])
    finally:
        ctx.leave()
        if ctx._environ is not None:
            close_body(ctx._environ)


def _announces_body(scope: Any) -> bool:
    return "content-length" in scope.headers or "transfer-encoding" in scope.headers


class RSGIExchange:
    """An :class:`~demijohn.adapters.exchange.Exchange` over RSGI's protocol object."""

    __slots__ = ("_chunks", "_protocol")

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._chunks: Any = None

    async def chunk(self) -> bytes:
        """The next piece of the body; one that was cut short raises."""
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = self._protocol.__aiter__()
        # Not anext() with a default: that crashes CPython 3.11 when __anext__ itself raises.
        try:
            chunk = bytes(await chunks.__anext__())
        except StopAsyncIteration:
            return b""
        if not chunk:
            # Granian ends the iteration of a body cut short with one empty chunk more.
            try:
                await chunks.__anext__()
            except StopAsyncIteration:
                return b""
            raise truncated()
        return chunk

    async def whole(self, code: int, fields: RawHeaders, body: bytes) -> None:
        """Send an answer in one piece."""
        self._protocol.response_bytes(code, fields, body)

    async def parts(self, code: int, fields: RawHeaders, parts: Parts) -> None:
        """Send an answer in parts, until its end or until the client has gone."""
        try:
            transport = self._protocol.response_stream(code, fields)
            await until_gone(_send_parts(parts, transport), self._protocol.client_disconnect())
        finally:
            await parts.aclose()


async def _send_parts(parts: Parts, transport: Any) -> None:
    async for part in parts:
        if not part:
            continue
        try:
            await transport.send_bytes(part)
        except Exception as e:
            if type(e).__name__ == "RSGIProtocolClosed":  # Granian's, which need not be installed
                return
            raise
        # It never waits: without this, a body that does not either would starve the loop.
        await asyncio.sleep(0)
