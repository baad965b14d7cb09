"""Sessions over a WebSocket, from the beginning or taken over from polling, in ASGI's messages."""

from __future__ import annotations

import asyncio

from demijohn.ext.realtime.engine.server import BAD_REQUEST, Engine, Refused
from demijohn.ext.realtime.engine.session import NOOP, PING, PONG, UPGRADE, Session
from demijohn import Request
from demijohn.typing import Receive, Scope, Send

__all__ = ["serve"]

#: Close codes (RFC 6455, 7.4.1): an ordinary end, and a service that restarts.
_NORMAL, _TOO_BIG, _RESTART = 1000, 1009, 1012

_LARGE = "a message is larger than max_http_buffer_size"

#: Handlers that may run for one client; its next event waits for one of them.
_MOST_RUNNING = 256

#: Seconds a client has to say that it upgrades.
_UPGRADE_TIME = 10.0


class Gone(Exception):
    """The other side has closed, or may say no more."""


async def serve(engine: Engine, request: Request, receive: Receive, send: Send) -> None:
    """Serve a WebSocket from its handshake to its end."""
    await receive()  # websocket.connect
    try:
        fields = engine.check_origin(request)
        args = request.args
        engine.check(args, "GET", "websocket")
        sid = args.get("sid")
        session = None
        if sid is not None:
            session = engine.find(sid, "polling")
            if session.upgrading or not engine.allow_upgrades:
                raise Refused(400, BAD_REQUEST)
    except Refused as refused:
        await _refuse(request.environ["asgi.scope"], send, refused)
        return
    del fields  # a handshake has no use for CORS
    if session is None:
        session = engine.open(request, "websocket")
        cookie = engine.cookie_of(session)
        headers = [] if cookie is None else [(b"set-cookie", cookie.encode("latin-1"))]
        await send({"type": "websocket.accept", "headers": headers})
    else:
        await send({"type": "websocket.accept"})
        session.upgrading = True
        try:
            async with asyncio.timeout(_UPGRADE_TIME):
                await _upgrade(session, receive, send)
        except (TimeoutError, Gone):
            await _close(send, _NORMAL)
            return
        finally:
            session.upgrading = False
        session.request = request
    await _Socket(session, send).serve(receive)


async def _refuse(scope: Scope, send: Send, refused: Refused) -> None:
    """Answer a handshake with more than a plain 403, where there is more to say and the server can."""
    if refused.status == 403 or "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    fields = [(b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": refused.status, "headers": fields})
    await send({"type": "websocket.http.response.body", "body": refused.body.encode()})


async def _upgrade(session: Session, receive: Receive, send: Send) -> None:
    """Take a session over: a probe, its answer, and the word that polling is over."""
    probed = False
    while True:
        message = await receive()
        text = message.get("text")
        if session.closed is not None or message["type"] == "websocket.disconnect":
            raise Gone
        if text == PING + "probe" and not probed:
            probed = True
            await send({"type": "websocket.send", "text": PONG + "probe"})
            if session.polling and not session.waiting:
                session.put(NOOP)  # so that the client can stop to poll
        elif text == UPGRADE and probed:
            session.transport = "websocket"
            session.wake()  # a poll that the client was not to send
            return
        else:
            raise Gone


async def _close(send: Send, code: int) -> None:
    try:
        await send({"type": "websocket.close", "code": code})
    except (OSError, RuntimeError):  # it is closed already
        return


class _Socket:
    """The two directions of a WebSocket: the server's coroutine sends, a task of its own receives."""

    __slots__ = ("_code", "_gone", "_send", "_session", "_task")

    def __init__(self, session: Session, send: Send) -> None:
        self._session = session
        self._send = send
        self._code = _NORMAL
        #: Whether the other side has closed.
        self._gone = False
        self._task: asyncio.Task[None] | None = None
        session.socket = self

    def abort(self) -> None:
        """Stop sending, though the other side may not have read what it was sent."""
        if self._task is not None:
            self._task.cancel()

    async def serve(self, receive: Receive) -> None:
        """Send and receive until either side ends it."""
        session, send = self._session, self._send
        self._task = asyncio.current_task()
        reader = session.loop.create_task(self._receive(receive))
        waiting = session.waiting
        engine = session.engine
        try:
            while True:
                while waiting:
                    packet = session.take()
                    kind = "text" if packet.__class__ is str else "bytes"
                    await send({"type": "websocket.send", kind: packet})
                if session.closed is not None:
                    break
                await session.wait()
        except OSError:
            session.close(engine.reason.TRANSPORT_ERROR)
        except asyncio.CancelledError:
            if session.closed is None or self._task is None or self._task.uncancel() > 0:
                raise
        finally:
            session.socket = None
            session.close(engine.reason.TRANSPORT_CLOSE)
            reader.cancel()
            # Granian sends no close frame while a receive is pending.
            await asyncio.wait((reader,))
        if not self._gone:
            if session.closed == engine.reason.TRANSPORT_CLOSE:
                self._code = _RESTART
            async with asyncio.timeout(1):
                await _close(send, self._code)

    async def _receive(self, receive: Receive) -> None:
        session = self._session
        engine = session.engine
        most = engine.max_http_buffer_size
        reason = engine.reason.TRANSPORT_ERROR
        try:
            while session.closed is None:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    reason, self._gone = engine.reason.TRANSPORT_CLOSE, True
                    return
                packet = message.get("text")
                if packet is None:
                    packet = message["bytes"]
                if len(packet) > most:
                    self._code = _TOO_BIG
                    engine.logger.warning("Socket.IO: the client %s is closed: %s", session.sid, _LARGE)
                    return
                engine.receive(session, packet)
                if session.running > _MOST_RUNNING:
                    await session.calm()
        finally:
            session.close(reason)
