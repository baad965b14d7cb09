"""The application as an RSGI application (Granian's own interface), for HTTP.

What RSGI does not carry is closed here as far as it can be: a status outside 100 to 999 never
reaches the server, and a body shorter than announced is not taken for complete. Streams have no
back-pressure and WebSockets lose sub-protocols and close codes, so those are served by ASGI.
"""

from __future__ import annotations

import asyncio
from _thread import get_ident
from asyncio import get_running_loop
from collections.abc import Awaitable, Iterator
from functools import cache
from logging import getLogger
from typing import TYPE_CHECKING, Any

from demijohn import signals
from demijohn.adapters.environ import (
    FORWARDED, ROOT_PATH, LazyEnviron, ScopeContext, as_latin1, common_makers, protocol_of,
)  # fmt: skip
from demijohn.adapters.complete import (
    NO_BODY, close_body, open_body, respond, serve_complete, short_way,
)  # fmt: skip
from demijohn.adapters.exchange import Parts, until_gone
from demijohn.adapters.ports import Application
from demijohn.adapters.severing import ENDED_BY_CLOSING, WRITING_TIME, sever
from demijohn.later import later
from demijohn.routing.mounted import Mounted
from demijohn.setup.mounting import Mount
from demijohn.typing import RawHeaders
from demijohn.contexts.request_ids import KEY, request_id_of
from demijohn.dispatch.matching import find, keep_mounted
from demijohn.dispatch.observation import SEEN
from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.short import steps_of
from demijohn.http.headers import Headers, titled_name
from demijohn.wrappers.body import truncated
from demijohn.wrappers.request import decoded

if TYPE_CHECKING:
    from demijohn.adapters import mounted
else:
    mounted = later("demijohn.adapters.mounted")  # only where something is mounted


@cache
def _tell_of_lost(name: str) -> None:
    """Say, once of each field, that a client sent one which nobody can read here.

    Granian hands over text, and leaves out a field that has a byte beyond ASCII.
    """
    getLogger("demijohn.adapters.rsgi").warning(
        "A %s field had a byte beyond ASCII, and RSGI does not carry those: the application has not seen it."
        " Serve by WSGI or ASGI (demijohn run --interface auto), which lose nothing.",
        titled_name(name.encode()),
    )


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
            if name not in headers:
                # HTTP/2 has :authority where HTTP/1.1 has Host.
                return self.scope.authority if name == "host" else None
            _tell_of_lost(name)
        several: list[str] = headers.get_all(name)
        if len(several) > 1 or (several and value is None):
            value = ("; " if name == "cookie" else ",").join(several)
        return value

    def make_headers(self) -> Headers:
        """The header fields as a list of their own."""
        return Headers([(titled_name(name.encode("latin-1")), value) for name, value in self._headers()])


def split_address(address: str) -> tuple[str, str]:
    """Host and port of ``host:port``; all of it as the host where there is no port."""
    host, _, port = address.rpartition(":")
    return host.strip("[]") or address, port


def _query(scope: Any) -> str:
    query: str = scope.query_string
    return as_latin1(query) if query else ""  # as text, where the client sent its bytes as they are


def _uri(scope: Any) -> str:
    path, query = as_latin1(scope.path), _query(scope)
    return f"{path}?{query}" if query else path


RSGIEnviron.makers = {
    **common_makers("rsgi"),
    "SCRIPT_NAME": lambda scope: getattr(scope, "script_name", ""),
    ROOT_PATH: lambda scope: getattr(scope, "root_path", None),
    "QUERY_STRING": _query,
    "SERVER_NAME": lambda scope: split_address(scope.server)[0],
    "SERVER_PORT": lambda scope: split_address(scope.server)[1],
    "SERVER_PROTOCOL": lambda scope: protocol_of(scope.http_version),
    "REQUEST_URI": _uri,
    "RAW_URI": _uri,
    "REMOTE_ADDR": lambda scope: split_address(scope.client)[0],
    "REMOTE_PORT": lambda scope: split_address(scope.client)[1],
    "wsgi.url_scheme": lambda scope: scope.scheme,
    "rsgi.scope": lambda scope: scope,
    # What ``observed_async`` says of a request that somebody looks at.
    KEY: lambda scope: getattr(scope, "request_id", None),
    SEEN: lambda scope: getattr(scope, "seen", None),
}


class Context(ScopeContext):
    """The context of a request that needs no more of its scope than routing does."""

    def make_environ(self) -> RSGIEnviron:
        """The environ of ``received``."""
        return RSGIEnviron(self.received)

    def said_elsewhere(self) -> tuple[str | None, str | None] | None:
        """Sec-Fetch-Site and Origin, without keys of the environ for both (PERF: 0.5 us)."""
        headers = self.received.headers
        site = headers.get("sec-fetch-site")
        if site == "same-origin" or site == "none":
            return None
        return None if site is None and "origin" not in headers else super().said_elsewhere()

    def query_string(self) -> str:
        """The query string, without an environ."""
        return _query(self.received) if self._environ is None else super().query_string()


async def serve(app: Application, scope: Any, protocol: Any) -> None:
    """Answer one RSGI request.

    Longer than functions are here: what it does in place saves a request a second coroutine.
    """
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
        await serve_complete(app, RSGIEnviron(scope), _announces_body(scope), RSGIExchange(scope, protocol))
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
            await open_body(app, ctx, RSGIExchange(scope, protocol))
        if "x-request-id" in scope.headers:
            request_id_of(ctx.environ)  # so that the answer says it
        outcome: Any
        if not plan.short or method == "HEAD":
            outcome = pipeline(app, ctx)
        elif plan.on_loop:
            outcome = await short_way(app, ctx)
            if outcome.__class__ is tuple:
                fields = plan.fields
                constant = fields.plain if fields.secure is None or scope.scheme != "https" else fields.secure
                protocol.response_bytes(outcome[0], outcome[2] + constant, outcome[3])
                return
        else:
            outcome = steps_of(app, ctx)
        outcome = await respond(app, ctx, outcome, method, RSGIExchange(scope, protocol))
        if outcome is not None:
            protocol.response_bytes(outcome[0], outcome[2], outcome[3])
        return
    except Mounted as reached:
        mount = reached.mount
    finally:
        ctx.leave()
        if ctx._environ is not None:
            close_body(ctx._environ)
    await _handed_on(app, mount, scope, protocol, path)


def _handed_on(app: Application, mount: Mount, scope: Any, protocol: Any, path: str) -> Awaitable[None]:
    """What a mounted application does for a request."""
    if not mount.ours or path == mount.prefix:
        return RSGIExchange(scope, protocol).hand_on(app, mount, RSGIEnviron(scope))
    # PERF: no environ, and no coroutine more.
    keep_mounted(app, mount, path)
    place, root_path = getattr(scope, "script_name", ""), getattr(scope, "root_path", "")
    inside = MountedScope(scope, path[len(mount.prefix) :], f"{place}{mount.prefix}", root_path, None)
    answered: Awaitable[None] = mount.guest.__rsgi__(inside, protocol)
    return answered


class MountedScope:
    """A scope as a mounted application is given it: the path without its prefix, which RSGI has no place for.

    :param scope: The server's, or that of the application that it is mounted in.
    :param path: The path below the prefix.
    :param script_name: Where the application is, as an environ has it.
    :param root_path: The prefix of the server's own.
    :param extra: What its environ says besides: what a trusted proxy told, or a test client.
    """

    __slots__ = (
        "_scope", "demijohn_environ", "headers", "method", "path", "proto", "root_path", "scheme", "script_name"
    )  # fmt: skip

    def __init__(
        self, scope: Any, path: str, script_name: str, root_path: str, extra: dict[str, Any] | None
    ) -> None:
        self._scope = scope
        self.path = path
        self.script_name = script_name
        self.root_path = root_path
        self.demijohn_environ = extra
        # PERF: what each request is asked for; the rest is looked up where it is.
        self.proto = scope.proto
        self.method = scope.method
        self.headers = scope.headers
        self.scheme = scope.scheme

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scope, name)


def _announces_body(scope: Any) -> bool:
    return "content-length" in scope.headers or "transfer-encoding" in scope.headers


class RSGIExchange:
    """An :class:`~demijohn.adapters.exchange.Exchange` over RSGI's protocol object."""

    __slots__ = ("_chunks", "_protocol", "_scope")

    def __init__(self, scope: Any, protocol: Any) -> None:
        self._scope, self._protocol = scope, protocol
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
            try:
                # Kept to the end of this call: a stream that Granian sees dropped is one that ended well.
                transport = self._protocol.response_stream(code, fields)
                await until_gone(_send_parts(parts, transport), self._protocol.client_disconnect())
            finally:
                await parts.aclose()
        except Exception:
            await asyncio.sleep(WRITING_TIME)
            self._sever()
            if not self._scope.client:
                # On a Unix socket nobody can tell whose it is: the client has to give up by itself.
                await self._protocol.client_disconnect()
            raise
        except BaseException:
            self._sever()
            raise

    async def hand_on(self, app: Application, mount: Mount, environ: LazyEnviron) -> None:
        """Hand the request to a mounted application."""
        path, said = mounted.places(mount, environ)
        if mount.ours and path:
            extra = getattr(self._scope, "demijohn_environ", None)
            extra = {**(extra or {}), **said} if extra is not None or FORWARDED in said else None
            below = MountedScope(self._scope, decoded(path), said["SCRIPT_NAME"], said[ROOT_PATH], extra)
            await mount.guest.__rsgi__(below, self._protocol)
        else:
            await mounted.serve_exchange(app, mount, environ, self)

    def _sever(self) -> None:
        """Cut the connection of a stream that broke."""
        scope = self._scope
        ends = split_address(scope.client), split_address(scope.server)
        sever(*ends, reset=scope.http_version in ENDED_BY_CLOSING)


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
