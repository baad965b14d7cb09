"""HTTP long-polling: GET takes what waits, POST brings what the client sends.

It is asked with a request and a body and gives back an answer; who speaks HTTP is not its business.
"""

from __future__ import annotations

import asyncio
import gzip
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable
from contextlib import suppress

from demijohn.ext.realtime.engine.server import BAD_REQUEST, Engine, Refused
from demijohn.ext.realtime.engine.session import NOOP
from demijohn import Request

__all__ = ["Answer", "poll"]

#: Status, header fields, body.
Answer = tuple[int, dict[str, str], bytes]

#: Seconds a poll waits while a WebSocket takes over.
_UPGRADING = 0.1

_SEPARATOR = "\x1e"


async def poll(engine: Engine, request: Request, read: Callable[[int], Awaitable[bytes | None]]) -> Answer:
    """Answer one request.

    :param read: Gives the body, at most so many bytes long; None for a longer one.
    """
    fields: dict[str, str] = {"Cache-Control": "no-store"}
    try:
        fields |= engine.check_origin(request)
        method = request.method
        if method == "OPTIONS":
            fields |= {"Access-Control-Allow-Methods": "OPTIONS, GET, POST", "Access-Control-Max-Age": "600"}
            wanted = request.headers.get("Access-Control-Request-Headers")
            if wanted:
                fields["Access-Control-Allow-Headers"] = wanted
            return 204, fields, b""
        args = request.args
        engine.check(args, method, "polling")
        if method not in ("GET", "POST"):
            raise Refused(400, BAD_REQUEST)
        sid = args.get("sid")
        if method == "POST":
            await _take(engine, sid, read)
            return 200, {**fields, "Content-Type": "text/html"}, b"ok"
        body = await _give(engine, sid, request, fields)
    except Refused as refused:
        fields["Content-Type"] = "application/json"
        return refused.status, fields, refused.body.encode()
    fields["Content-Type"] = "text/plain; charset=UTF-8"
    packed = engine.http_compression and len(body) > engine.compression_threshold
    if packed and "gzip" in request.headers.get("Accept-Encoding", ""):
        fields["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6)
    return 200, fields, body


async def _give(engine: Engine, sid: str | None, request: Request, fields: dict[str, str]) -> bytes:
    """What waits for the client, or the beginning of its session."""
    if sid is None:
        session = engine.open(request, "polling")
        cookie = engine.cookie_of(session)
        if cookie is not None:
            fields["Set-Cookie"] = cookie
        return _joined(session.take_all())
    session = engine.find(sid, "polling")
    if session.polling:  # two at a time would each get a part
        session.close(engine.reason.TRANSPORT_ERROR)
        raise Refused(400, BAD_REQUEST)
    session.polling = True
    try:
        if session.upgrading:
            # The client stops polling when this poll is answered, and sends nothing before: it is not kept waiting.
            with suppress(TimeoutError):
                async with asyncio.timeout(_UPGRADING):
                    await session.wait()
            if not session.waiting and session.upgrading:
                session.waiting.append(NOOP)
        else:
            await session.wait()
    finally:
        session.polling = False
    if session.transport != "polling":
        raise Refused(400, BAD_REQUEST)
    return _joined(session.take_all())


async def _take(engine: Engine, sid: str | None, read: Callable[[int], Awaitable[bytes | None]]) -> None:
    """What the client sends."""
    session = engine.find(sid or "", "polling")
    body = await read(engine.max_http_buffer_size)
    if body is None:
        session.close(engine.reason.TRANSPORT_ERROR)
        raise Refused(413, BAD_REQUEST)
    try:
        packets = [_decoded(packet) for packet in body.decode().split(_SEPARATOR)]
    except (UnicodeDecodeError, NotBase64):
        session.close(engine.reason.TRANSPORT_ERROR)
        raise Refused(400, BAD_REQUEST) from None
    for packet in packets:
        if session.closed is not None:
            break
        engine.receive(session, packet)
    if session.closed == engine.reason.TRANSPORT_ERROR:
        raise Refused(400, BAD_REQUEST)


def _joined(packets: list[str | bytes]) -> bytes:
    return _SEPARATOR.join(
        packet if isinstance(packet, str) else "b" + b64encode(packet).decode() for packet in packets
    ).encode()


def _decoded(packet: str) -> str | bytes:
    return b64decode(packet[1:], validate=True) if packet[:1] == "b" else packet
