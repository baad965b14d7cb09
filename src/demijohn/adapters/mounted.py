"""Handing a request to a mounted application, by whatever protocol it came and by whatever that one is called.

One of ours is called by the protocol of the server. A WSGI application below an async server runs in a thread
(``chain``), an ASGI application below any other on a loop (``bridge``); bodies and answers are streams in both
directions. What an application that is not ours lets through becomes the 500 of the one that it is mounted in. This
module must not know the routes, nor the adapters that hand on to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from werkzeug.exceptions import HTTPException

from demijohn.adapters.bridge import BridgedCall, WSGIAnswer, scope_of
from demijohn.adapters.chain import Chain
from demijohn.adapters.complete import respond
from demijohn.adapters.environ import FORWARDED, INNER_PATH, ROOT_PATH, LazyEnviron, ScopeEnviron
from demijohn.adapters.exchange import Exchange
from demijohn.adapters.ports import Application
from demijohn.dispatch.matching import keep_mounted, plan_of_failed
from demijohn.dispatch.pipeline import pipeline
from demijohn.setup.mounting import Mount
from demijohn.typing import RawHeaders, Receive, Scope, Send, StartResponse
from demijohn.waiting.drivers import drive
from demijohn.wrappers.request import decoded

#: What a trusted proxy may have said, as an environ has it.
_TOLD = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SERVER_PORT")


def places(mount: Mount, environ: Any) -> tuple[str, dict[str, Any]]:
    """The path below a mount, as an environ has it, and what the environ below says of the place.

    :param environ: The environ of the application that it is mounted in.
    """
    root = (environ.get("SCRIPT_NAME") or "").rstrip("/")
    said = {"SCRIPT_NAME": f"{root}{mount.wire_prefix}", ROOT_PATH: environ.get(ROOT_PATH, root)}
    if environ.get(FORWARDED) is not None:
        said |= {key: environ.get(key) for key in _TOLD} | {FORWARDED: True}
    said["PATH_INFO"] = path = environ["PATH_INFO"][len(mount.wire_prefix) :]
    return path, said


def _with_slash(said: dict[str, Any], query: str) -> tuple[str, RawHeaders, bytes]:
    """The redirect from the bare prefix to what is below it, by any method (RFC 9110, 15.4.9)."""
    location = f"{quote(decoded(said['SCRIPT_NAME']))}/"
    if query:
        location += f"?{query}"
    fields = [("Location", location), ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")]
    return "308 PERMANENT REDIRECT", fields, b""


# WSGI.


def serve_wsgi(
    app: Application, mount: Mount, environ: Any, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer by WSGI with what is mounted."""
    if mount.ours and (path := environ["PATH_INFO"][len(mount.wire_prefix) :]):
        # PERF: what is below comes to for one of ours (1 us less).
        keep_mounted(app, mount, environ["PATH_INFO"])
        below = environ.copy()
        root = (below.get("SCRIPT_NAME") or "").rstrip("/")
        below["SCRIPT_NAME"] = f"{root}{mount.wire_prefix}"
        below["PATH_INFO"] = path
        below.setdefault(ROOT_PATH, root)
        answer: Iterable[bytes] = mount.guest(below, start_response)
        return answer
    path, said = places(mount, environ)
    if not path:
        status, fields, body = _with_slash(said, environ.get("QUERY_STRING", ""))
        start_response(status, fields)
        return [body]
    below = environ.copy()
    below.update(said)
    started = _Started()
    try:
        if mount.interface == "asgi":
            return WSGIAnswer(mount.guest, scope_of(below, mount.state), below).begin(start_response)
        given: Any = mount.guest(below, started)
        if isinstance(given, (list, tuple)):
            return started.over(start_response, given)
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(given, wrapper):
            return started.over(start_response, given)
        return _Rest(given, started, start_response)
    except Exception as e:
        return _failed_wsgi(app, mount, environ, start_response, e)


class _Started:
    """``start_response`` that keeps what it is given, so that what fails before its first part can be answered."""

    def __init__(self) -> None:
        self._given: tuple[Any, ...] | None = None
        self.written: list[bytes] = []

    def __call__(self, status: str, headers: RawHeaders, exc_info: Any = None, /) -> Any:
        self._given = (status, headers) if exc_info is None else (status, headers, exc_info)
        return self.written.append

    def start(self, start_response: StartResponse) -> None:
        """Start for real."""
        if self._given is None:
            raise RuntimeError("The application returned without having called start_response().")
        start_response(*self._given)

    def over(self, start_response: StartResponse, body: Any) -> Iterable[bytes]:
        """Start with a body that is there."""
        self.start(start_response)
        whole: Iterable[bytes] = [*self.written, *body] if self.written else body
        return whole


class _Rest:
    """A body whose first part was there before the answer was started."""

    def __init__(self, body: Any, started: _Started, start_response: StartResponse) -> None:
        self._close = getattr(body, "close", None)
        self._iterator: Iterator[bytes] = iter(body)
        self._ahead = started.written
        try:
            # PEP 3333: start_response may be called as late as before the first part.
            self._ahead += [part for part in (next(self._iterator, b""),) if part]
            started.start(start_response)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._ahead.pop(0) if self._ahead else next(self._iterator)

    def close(self) -> None:
        """Close the body."""
        if self._close is not None:
            self._close()


def _failed_wsgi(
    app: Application, mount: Mount, environ: Any, start_response: StartResponse, error: Exception
) -> Iterable[bytes]:
    ctx = app.request_context(environ)
    ctx.begin()
    try:
        ctx.plan = plan_of_failed(app, ctx.way)
        response: Any = drive(pipeline(app, ctx, raised=_let_through(mount, error)))
        answer: Iterable[bytes] = response(environ, start_response)
        return answer
    finally:
        ctx.leave()


def _let_through(mount: Mount, error: Exception) -> Exception:
    """The error to answer: none of HTTP's, which would be a page of the application that it is mounted in."""
    if not isinstance(error, HTTPException):
        return error
    failure = RuntimeError(f"The application mounted at {mount.prefix} let {type(error).__name__} through.")
    failure.__cause__ = error
    return failure


# Async servers.


async def serve_exchange(app: Application, mount: Mount, environ: LazyEnviron, exchange: Exchange) -> None:
    """Answer with an application that is not called by the protocol of the server."""
    path, said = places(mount, environ)
    if not path:
        status, fields, body = _with_slash(said, environ.get("QUERY_STRING", ""))
        await exchange.whole(int(status[:3]), fields, body)
        return
    outside = environ.copy()
    environ.update(said)
    call: Any
    if mount.interface == "wsgi":
        call = Chain(app, mount.guest, environ, exchange)
    else:
        call = BridgedCall(mount.guest, scope_of(environ, mount.state), exchange.chunk)
    try:
        await call.begin()
    except Exception as e:
        await _failed(app, mount, outside, exchange, e)
        return
    await exchange.parts(call.code, call.fields, call)


async def serve_asgi(
    app: Application,
    mount: Mount,
    scope: Scope,
    receive: Receive,
    send: Send,
    environ: LazyEnviron | None,
    exchange: Exchange | None,
) -> None:
    """Answer one ASGI scope, of a request or of a WebSocket, with an application that is called by ASGI.

    :param environ: The environ of the application that it is mounted in, where there is one.
    :param exchange: That of a request; None for a WebSocket.
    """
    if exchange is not None and _is_bare(mount, scope, environ):
        _, said = places(mount, environ or ScopeEnviron(scope))
        status, fields, body = _with_slash(said, scope.get("query_string", b"").decode("latin-1"))
        await exchange.whole(int(status[:3]), fields, body)
        return
    below = scope_below(mount, scope, environ)
    if mount.ours:
        await mount.guest.asgi_app(below, receive, send)
        return
    sending = _Sending(send)
    try:
        await mount.guest(below, receive, sending)
    except Exception as e:
        if sending.begun or exchange is None:
            app.logger.exception("The application mounted at %s failed", mount.prefix)
            raise
        await _failed(app, mount, environ or ScopeEnviron(scope), exchange, e)


async def refuse_websocket(receive: Receive, send: Send) -> None:
    """Refuse a handshake at an application that knows no WebSockets; servers answer it with 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1000, "reason": ""})


class _Sending:
    """``send`` that knows whether an answer has begun."""

    __slots__ = ("_send", "begun")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Any) -> None:
        self.begun = True
        await self._send(message)


def _is_bare(mount: Mount, scope: Scope, environ: LazyEnviron | None) -> bool:
    if environ is None:  # the server has no prefix
        return bool(scope["path"] == mount.prefix)
    return bool(environ["PATH_INFO"] == mount.wire_prefix)


def scope_below(mount: Mount, scope: Scope, environ: LazyEnviron | None) -> Scope:
    """The scope of an application that is mounted: its ``root_path`` is longer, and its path begins with that.

    :param scope: That of the application that it is mounted in.
    :param environ: The same as an environ, where a trusted proxy may have said something else.
    """
    below = dict(scope)
    root = given = scope.get("root_path", "").rstrip("/")
    if environ is not None:
        root = decoded(environ.get("SCRIPT_NAME") or "").rstrip("/")
        path = scope["path"]
        if root != given or (root and not path.startswith(f"{root}/") and path != root):
            # Some servers leave their prefix out of the path, as do proxies that take it away.
            inside = path.removeprefix(given) if path.startswith(f"{given}/") else path
            below["path"] = f"{root}{inside}"
            below["raw_path"] = quote(below["path"]).encode("ascii")
        if environ.get(FORWARDED) is not None:
            below.update(_told(scope, environ))
    below["root_path"] = f"{root}{mount.prefix}"
    below.setdefault(ROOT_PATH, root)
    below.pop(INNER_PATH, None)
    if mount.state is not None:
        below["state"] = dict(mount.state)
    else:
        below.pop("state", None)
    return below


def scope_inside(app: Application, mount: Mount, scope: Scope, path: str) -> Scope:
    """:func:`scope_below` for one of ours, where no proxy has told anything and the server has no prefix.

    :param path: The path that was routed.
    """
    keep_mounted(app, mount, path)
    below = dict(scope)
    root = below.get("root_path", "")
    below["root_path"] = f"{root}{mount.prefix}"
    below.setdefault(ROOT_PATH, root)
    below[INNER_PATH] = path[len(mount.prefix) :]
    return below


def _told(scope: Scope, environ: LazyEnviron) -> dict[str, Any]:
    """What a trusted proxy has told, in the words of a scope."""
    scheme = environ["wsgi.url_scheme"]
    host = environ.get("HTTP_HOST")
    headers = list(scope["headers"])
    if host is not None:
        headers = [field for field in headers if field[0] != b"host"]
        headers.append((b"host", host.encode("latin-1")))
    return {
        "scheme": scheme.replace("http", "ws", 1) if scope["type"] == "websocket" else scheme,
        "client": (environ.get("REMOTE_ADDR"), int(environ.get("REMOTE_PORT") or 0)),
        "headers": headers,
        FORWARDED: True,
    }


async def _failed(app: Application, mount: Mount, environ: Any, exchange: Exchange, error: Exception) -> None:
    """Answer with the page of the application that a failed one is mounted in."""
    ctx = app.request_context(environ)
    ctx.begin()
    try:
        ctx.plan = plan_of_failed(app, ctx.way)
        steps = pipeline(app, ctx, raised=_let_through(mount, error))
        answer = await respond(app, ctx, steps, environ["REQUEST_METHOD"], exchange)
        if answer is not None:
            await exchange.whole(answer[0], answer[2], answer[3])
    finally:
        ctx.leave()
