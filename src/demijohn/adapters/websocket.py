"""WebSockets under ASGI: handshake, origin check, hooks, the handler, the close.

The server's coroutine reads from the connection into the socket's bounded queue; the handler runs
in one task of its own and is cancelled when the other side has gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.exceptions import Forbidden, HTTPException

from demijohn.adapters.environ import ScopeEnviron
from demijohn.adapters.ports import Application
from demijohn.config import listed
from demijohn.later import later
from demijohn.routing.mounted import find_mount
from demijohn.typing import Receive, Scope, Send
from demijohn.contexts.context import RequestContext
from demijohn.dispatch.pipeline import websocket_after, websocket_before
from demijohn.dispatch.failure import internal_error
from demijohn.http.filled import Filled
from demijohn.http.headers import encoded_name
from demijohn.dispatch.matching import match_websocket
from demijohn.signals import got_websocket_exception, sending, websocket_finished
from demijohn.dispatch.teardown import before_idle, teardown_websocket
from demijohn.waiting.loops import drive_hopping
from demijohn.waiting.steps import is_awaitable
from demijohn.wrappers.request import decoded
from demijohn.wrappers.disconnected import Disconnected
from demijohn.wrappers.websocket import INTERNAL_ERROR, Websocket
from demijohn.events.message import Lagged

#: Close codes of RFC 6455, section 7.4.1 and its registry (11.7).
_GOING_AWAY, _TOO_BIG, _TRY_AGAIN_LATER = 1001, 1009, 1013

if TYPE_CHECKING:
    from demijohn.adapters import mounted
else:
    mounted = later("demijohn.adapters.mounted")  # only where something is mounted

#: Seconds a handler gets to read what had arrived before the other side closed.
_DRAIN = 5.0


class ASGIChannel:
    """Sends for a WebSocket in ASGI messages.

    :param send_timeout: Seconds a message may wait for a slow reader.
    """

    def __init__(self, socket: Websocket, scope: Scope, send: Send, send_timeout: float) -> None:
        self._socket = socket
        self._send = send
        self._timeout = send_timeout
        self._can_respond = "websocket.http.response" in (scope.get("extensions") or {})
        #: The task that reads from the connection.
        self.reader: asyncio.Future[None] | None = None

    async def accept(self, subprotocol: str | None, headers: list[tuple[str, str]]) -> None:
        """Complete the handshake."""
        fields = [(encoded_name(name), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": fields})

    async def send(self, data: str | bytes) -> None:
        """Send a message within the time limit; a reader slower than that is disconnected."""
        kind = "text" if isinstance(data, str) else "bytes"
        sending = self._send({"type": "websocket.send", kind: data}).__await__()
        try:
            # PERF: most messages are taken at once, and then no timer is needed (5 us).
            waits_for = next(sending)
        except StopIteration:
            return
        except OSError:
            self._socket.disconnect(Disconnected(1006, "the connection was lost"))
            raise self._socket.closed from None  # type: ignore[misc]
        try:
            async with asyncio.timeout(self._timeout):
                await _Begun(sending, waits_for)
        except TimeoutError:
            self._socket.disconnect(Disconnected(1006, "the other side reads too slowly"))
            raise self._socket.closed from None  # type: ignore[misc]
        except OSError:
            self._socket.disconnect(Disconnected(1006, "the connection was lost"))
            raise self._socket.closed from None  # type: ignore[misc]

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame; before the handshake, servers turn it into a 403."""
        await self._stop_reading()
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except OSError:
            return

    async def refuse(self, response: Any) -> None:
        """Answer the handshake with a response, where the server can; else with a plain 403."""
        if not self._can_respond:
            await self.close(1008 if response.status_code < 500 else INTERNAL_ERROR, "")
            return
        await self._stop_reading()
        fields = [(encoded_name(name), value.encode("latin-1")) for name, value in response.raw_headers]
        await self._send(
            {"type": "websocket.http.response.start", "status": response.status_code, "headers": fields}
        )
        await self._send({"type": "websocket.http.response.body", "body": response.get_data()})

    async def _stop_reading(self) -> None:
        """From here on this side ends the conversation, and what the other does cuts nothing short."""
        if self.reader is not None:
            # Granian sends no close frame while a receive is pending.
            self.reader.cancel()
            await asyncio.wait((self.reader,))


class _Begun:
    """The rest of an awaitable that has taken its first step."""

    __slots__ = ("_steps", "_waits_for")

    def __init__(self, steps: Iterator[Any], waits_for: Any) -> None:
        self._steps = steps
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    yield waits_for
                except BaseException as e:
                    throw = getattr(self._steps, "throw", None)
                    if throw is None:  # a server's own, which is no generator
                        raise
                    waits_for = throw(e)
                else:
                    waits_for = next(self._steps)
        except StopIteration as stop:
            return stop.value


def check_origin(app: Application, socket: Websocket) -> None:
    """Refuse a handshake that a page of another origin started (RFC 6455, 10.2).

    Same scheme, host and port as the handshake, or listed in ``WEBSOCKET_ORIGINS``, whose ``"*"``
    allows all. Clients that send no Origin are not browsers and pass.

    :raises Forbidden: for any other origin.
    """
    origin = socket.environ.get("HTTP_ORIGIN")
    if origin is None:
        return
    allowed = listed(app.own_setting("WEBSOCKET_ORIGINS"))
    if "*" in allowed or origin in allowed:
        return
    parts = urlsplit(origin)
    if (parts.scheme, parts.netloc.lower()) == (socket.scheme, socket.host.lower()):
        return
    raise Forbidden(
        Filled(
            "WebSockets from the origin %(origin)s are not allowed (WEBSOCKET_ORIGINS).", origin=repr(origin)
        )
    )


async def serve_websocket(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket from handshake to close."""
    loop = asyncio.get_running_loop()
    if app.lifecycle.loop is not loop:
        await app.lifecycle.enter(loop)
    environ = ScopeEnviron(scope)
    way = app._way or app.settle()
    if way.forward is not None:
        way.forward(environ)
    if way.mounts and (mount := find_mount(app.mounts.values(), decoded(environ["PATH_INFO"]))) is not None:
        if mount.interface == "wsgi":
            await mounted.refuse_websocket(receive, send)
        else:
            await mounted.serve_asgi(app, mount, scope, receive, send, environ, None)
        return
    await receive()  # websocket.connect
    socket = app.websocket_class(environ)
    channel = ASGIChannel(socket, scope, send, app.own_setting("WEBSOCKET_SEND_TIMEOUT"))
    socket.attach(channel, app.own_setting("WEBSOCKET_QUEUE_SIZE"))
    ctx = RequestContext(app, environ, request=socket)
    socket.accept_headers = lambda: _session_headers(app, ctx)
    if app.before_idle_funcs:
        pool = app.lifecycle.pool(asyncio.get_running_loop()).steps
        socket.before_idle = lambda: drive_hopping(before_idle(app), pool)
    idle_timeout = app.own_setting("WEBSOCKET_IDLE_TIMEOUT")
    idle = None if idle_timeout is None else _Idle(socket, idle_timeout)
    ctx.begin()
    sockets = app.lifecycle.sockets
    sockets.add(socket)
    try:
        match_websocket(app, ctx)
        handler = asyncio.ensure_future(_handle(app, ctx, socket, channel))
        most = app.own_setting("WEBSOCKET_MAX_MESSAGE")
        reader = channel.reader = asyncio.ensure_future(_read(socket, receive, most))
        try:
            await _first_done(loop, handler, reader)
            if reader.cancelled() and socket.ending is None:
                await asyncio.wait((handler,))  # this side is closing, and finishes its work
            elif not handler.done() and socket.unread:
                await asyncio.wait((handler,), timeout=_DRAIN)
            elif socket.ending is not None:
                await asyncio.sleep(0)  # a handler that waits for the next message ends by itself, in order
        finally:
            reader.cancel()
            handler.cancel()
            await asyncio.wait((handler, reader))
            if socket.ending is not None:
                await asyncio.wait((socket.ending,))
    finally:
        sockets.discard(socket)
        if idle is not None:
            idle.cancel()
        ctx.leave()


def _first_done(loop: asyncio.AbstractEventLoop, *tasks: asyncio.Future[None]) -> asyncio.Future[None]:
    """Done when one of ``tasks`` is; asyncio.wait would take 900 bytes more of each idle socket."""
    done: asyncio.Future[None] = loop.create_future()

    def note(task: asyncio.Future[None]) -> None:
        if not done.done():
            done.set_result(None)

    for task in tasks:
        task.add_done_callback(note)
    return done


async def _read(socket: Websocket, receive: Receive, most: int | None) -> None:
    """Put what arrives into the socket's queue.

    :param most: Bytes of a message, ``WEBSOCKET_MAX_MESSAGE``.
    """
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            socket.disconnect(Disconnected(message.get("code") or 1005, message.get("reason") or ""))
            # A handler that waits for the next message ends by itself, in order.
            await asyncio.sleep(0)
            return
        text = message.get("text")
        data = message["bytes"] if text is None else text
        # A character has up to four bytes: what is short enough for that need not be encoded.
        if most is not None and len(data) * 4 > most and _size(data) > most:
            socket.give_up(_TOO_BIG, f"a message has at most {most} bytes here")
            return
        await socket.deliver(data)


def _size(data: str | bytes) -> int:
    return len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))


class _Idle:
    """Closes a socket on which neither side has said anything for so many seconds.

    One timer for each time that is over, and none for each message: what is said only notes the time.
    """

    def __init__(self, socket: Websocket, timeout: float) -> None:
        self._socket = socket
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self.last = self._loop.time()
        self._timer = self._loop.call_later(timeout, self._look)
        socket.noted = self.note

    def note(self) -> None:
        """Note that something was said."""
        self.last = self._loop.time()

    def _look(self) -> None:
        left = self.last + self._timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._socket.give_up(_GOING_AWAY, f"nothing was said for {self._timeout:g} s")

    def cancel(self) -> None:
        """Look no more."""
        self._timer.cancel()


async def _handle(app: Application, ctx: RequestContext, socket: Websocket, channel: ASGIChannel) -> None:
    pool = app.lifecycle.pool(asyncio.get_running_loop()).steps
    refusal: Any = None
    try:
        try:
            if ctx.request.routing_exception is None:
                check_origin(app, socket)
            rv = await drive_hopping(websocket_before(app, ctx), pool)
            if rv is None:
                rv = await ctx.plan.view(**(socket.view_args or {}))
            if rv is not None and not socket.accepted:
                socket._closing = True
                refusal = await drive_hopping(ctx.way.finalize(app, ctx, rv), pool)
                await channel.refuse(refusal)
        except Disconnected:
            pass  # the handler did not mind
        except Lagged as e:
            app.logger.warning("WebSocket %s closed (1013): %s", socket.path, e)
            await socket.close(_TRY_AGAIN_LATER)
        except Exception as e:
            refusal = await _fail(app, ctx, socket, channel, e)
        if not socket.accepted and not socket._closing:
            socket._closing = True
            await channel.close(1000, "")
        elif socket.accepted:
            await socket.close(1000)
        if refusal is None:
            await drive_hopping(websocket_after(app, ctx), pool)
        elif websocket_finished.receivers:  # the after-functions had their turn before it was sent
            await drive_hopping(sending(websocket_finished, app, response=refusal), pool)
    except asyncio.CancelledError as e:
        ctx.error = e
        raise
    finally:
        await drive_hopping(teardown_websocket(app, ctx), pool)


async def _fail(
    app: Application, ctx: RequestContext, socket: Websocket, channel: ASGIChannel, e: Exception
) -> Any:
    """An error in hooks or handler: a response before the handshake, close code 1011 after it.

    Returns the response, if there is one.
    """
    pool = app.lifecycle.pool(asyncio.get_running_loop()).steps
    if not isinstance(e, HTTPException):
        ctx.error = e
    if socket.accepted:
        await _log(app, e, pool)
        await socket.close(INTERNAL_ERROR)
        return None
    socket._closing = True
    try:
        rv = await drive_hopping(ctx.way.user_exception(app, ctx, e), pool)
        response = await drive_hopping(ctx.way.finalize(app, ctx, rv), pool)
    except Exception as error:
        await _log(app, error, pool)
        try:
            response = await drive_hopping(internal_error(app, ctx, error), pool)
        except Exception as failed:
            await _log(app, failed, pool)
            await channel.close(INTERNAL_ERROR, "")
            return None
    await channel.refuse(response)
    return response


async def _log(app: Application, e: Exception, pool: Any) -> None:
    """Tell of an error nobody handled."""
    if got_websocket_exception.receivers:
        await drive_hopping(sending(got_websocket_exception, app, exception=e), pool)
    app.log_exception((type(e), e, e.__traceback__))


async def _session_headers(app: Application, ctx: RequestContext) -> list[tuple[str, str]]:
    """The cookie of a session that was changed before the handshake is complete.

    :raises HTTPException: when the session could not be saved, with the response that says so.
    """
    session = ctx._session
    if session is None or app.session_interface.is_null_session(session):
        return []
    response = app.response_class()
    saved = app.session_interface.save_session(app, session, response)
    if is_awaitable(saved):
        await saved
    if response.status_code >= 400:
        raise HTTPException(response=response)
    return [(name, value) for name, value in response.raw_headers if name == "Set-Cookie"]
