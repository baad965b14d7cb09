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
from demijohn.adapters.asgi import InThread, close_body, open_body, short_way, until_gone
from demijohn.adapters.environ import LazyEnviron, ScopeContext, as_latin1, common_makers, constant
from demijohn.wrappers.body import truncated
from demijohn.contexts.context import RequestContext
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.matching import find, match
from demijohn.waiting.loops import drive_here, drive_hopping
from demijohn.http.headers import Headers, titled_name
from demijohn.wrappers.response import AsyncBody

_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


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


async def serve(app: Any, scope: Any, protocol: Any) -> None:
    """Answer one RSGI request."""
    if scope.proto != "http":
        app.logger.error(
            "A WebSocket came over RSGI, which loses sub-protocols and close codes:"
            " serve with --interface asgi instead."
        )
        protocol.close(501)
        return
    if app._thread != get_ident() or not app._loop.is_running():
        await app.lifecycle.enter(get_running_loop())
    path = scope.path
    hosts = scope.headers.get_all("host")
    if (
        not app._direct
        or signals.listening
        or len(hosts) > 1
        or not path.isascii()
        or getattr(scope, "demijohn_environ", None) is not None
    ):
        await _serve_complete(app, RSGIEnviron(scope), protocol)
        return
    # PERF: from here on neither the environ nor the request is made before the view asks for it.
    ctx = Context(app, scope)
    ctx.begin()
    try:
        method = scope.method
        find(app, ctx, hosts[0] if hosts else scope.authority, path, method)
        if method not in _NO_BODY or _announces_body(scope):
            await open_body(app, ctx, body_source, protocol)
        plan = ctx.plan
        if plan.at_once and method != "HEAD":
            outcome = await short_way(app, ctx)
            if outcome.__class__ is tuple:
                protocol.response_bytes(outcome[0], outcome[2], outcome[3])
                return
        else:
            outcome = pipeline(app, ctx)
        await _respond(app, ctx, outcome, method, protocol)
    finally:
        ctx.leave()
        if ctx._environ is not None:
            close_body(ctx._environ)


async def _serve_complete(app: Any, environ: RSGIEnviron, protocol: Any) -> None:
    """Answer a request for which all that may be in its way has to be looked at."""
    if app._proxies is not None:
        app._proxies(environ)
    if app._wsgi_replaced:
        await app._bridge(environ, protocol)
        return
    ctx = app.request_context(environ)
    ctx.begin()
    try:
        match(app, ctx)
        method = environ["REQUEST_METHOD"]
        if method not in _NO_BODY or _announces_body(environ.scope):
            await open_body(app, ctx, body_source, protocol)
        await _respond(app, ctx, pipeline(app, ctx), method, protocol)
    finally:
        ctx.leave()
        close_body(environ)


def _announces_body(scope: Any) -> bool:
    return "content-length" in scope.headers or "transfer-encoding" in scope.headers


async def _respond(app: Any, ctx: RequestContext, steps: Any, method: str, protocol: Any) -> None:
    """Run a pipeline, on this loop or in the thread pool, and send its response."""
    pool = app.lifecycle.pool(get_running_loop())
    response = await (drive_here if ctx.plan.in_place else drive_hopping)(steps, pool)
    plain = response.plain(method)
    if plain is None:
        await _send_complete(response, ctx.environ, protocol, pool)
    else:
        protocol.response_bytes(response._status_code, plain[1], plain[0])


def body_source(protocol: Any) -> Any:
    """The chunks of an RSGI body; one that was cut short raises."""
    chunks = protocol.__aiter__()

    async def source() -> bytes:
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

    return source


async def _send_complete(response: Any, environ: Any, protocol: Any, pool: Any) -> None:
    body, status, headers = response.emit(environ)
    code = int(status[:3])
    if isinstance(body, (list, tuple)):
        protocol.response_bytes(code, headers, b"".join(body))
        return
    parts: Any = body if isinstance(body, AsyncBody) else InThread(body, pool, response)
    await stream(protocol, code, headers, parts)


async def stream(protocol: Any, code: int, headers: Any, parts: Any) -> None:
    """Send a body in parts, until its end or until the client has gone; then close it."""
    transport = protocol.response_stream(code, headers)
    try:
        await until_gone(_send_parts(parts, transport), protocol.client_disconnect())
    finally:
        await parts.aclose()


async def _send_parts(parts: Any, transport: Any) -> None:
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
