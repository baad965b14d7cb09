"""The engine: its options, its sessions, and who may open one.

This module must not know how a transport is spoken (``polling``, ``websocket``), nor Socket.IO.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from secrets import token_urlsafe
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from engineio.base_server import BaseServer

from demijohn.ext.realtime.engine.session import OPEN, Session
from demijohn import Request

__all__ = ["Engine", "Refused"]

#: Codes and words of refusals, as Socket.IO's own server has them.
UNKNOWN_TRANSPORT = (0, "Transport unknown")
UNKNOWN_SESSION = (1, "Session ID unknown")
BAD_METHOD = (2, "Bad handshake method")
BAD_REQUEST = (3, "Bad request")
FORBIDDEN = (4, "Forbidden")
BAD_VERSION = (5, "Unsupported protocol version")


_OTHERS_SESSION = (
    "Socket.IO: a client asked this worker for a session that it never had. Where there are several workers, polling"
    " needs sticky sessions: have the proxy send a client to one worker always, or let clients use WebSockets only:"
    ' SocketIO(app, transports=["websocket"]) and io({transports: ["websocket"]}).'
)

#: Other origins whose pages may connect: one, several, ``"*"``, or what decides; an empty list lets everybody in.
Origins: TypeAlias = str | list[str] | Callable[..., bool] | None


class Refused(Exception):
    """A request that opens nothing.

    :param status: The status of the answer.
    :param why: A code and words, for the client.
    """

    def __init__(self, status: int, why: tuple[int, str]) -> None:
        super().__init__(why[1])
        self.status = status
        self.body = json.dumps({"code": why[0], "message": why[1]})


class Engine:
    """Sessions of Engine.IO.

    The parameters are python-engineio's, and:

    :param max_queue: Most packets that wait for a client; then it is closed.
    :param max_queue_size: Most bytes of them.
    :param connect_timeout: Seconds a session may last in which no namespace was connected to.
    """

    reason = BaseServer.reason
    async_mode = "asgi"

    def __init__(
        self, *, ping_interval: float | tuple[float, float] = 25, ping_timeout: float = 20,
        max_http_buffer_size: int = 1_000_000, allow_upgrades: bool = True, http_compression: bool = True,
        compression_threshold: int = 1024, cookie: str | dict[str, Any] | None = None,
        cors_allowed_origins: Origins = None, cors_credentials: bool = True,
        transports: Iterable[str] | str | None = None, max_queue: int = 256, max_queue_size: int = 8 * 1024 * 1024,
        connect_timeout: float = 45, logger: logging.Logger | bool = False, json: object = None,
        monitor_clients: bool = True, async_mode: str | None = None, async_handlers: bool = True, **unknown: Any,
    ) -> None:  # fmt: skip
        if unknown:
            raise TypeError(f"There is no option {', '.join(sorted(unknown))} of Socket.IO here.")
        grace = 0.0
        if isinstance(ping_interval, tuple):
            ping_interval, grace = ping_interval
        self.ping_interval: float = ping_interval
        #: What is added to the time that the client is told, before it is pinged.
        self.ping_interval_grace_period = grace
        self.ping_timeout = ping_timeout
        self.max_http_buffer_size = max_http_buffer_size
        self.allow_upgrades = allow_upgrades
        self.http_compression = http_compression
        self.compression_threshold = compression_threshold
        self.cookie = cookie
        self.cors_allowed_origins = cors_allowed_origins
        self.cors_credentials = cors_credentials
        named = [transports] if isinstance(transports, str) else list(transports or ("polling", "websocket"))
        if not named or set(named) - {"polling", "websocket"}:
            raise ValueError(f"The transports are 'polling' and 'websocket', not {transports!r}.")
        self.transports = named
        self.max_queue = max_queue
        self.max_queue_size = max_queue_size
        self.connect_timeout = connect_timeout
        self.logger = logger if isinstance(logger, logging.Logger) else logging.getLogger("demijohn.realtime")
        self.sockets: dict[str, Session] = {}
        #: What ids of this worker begin with, by which those of another are told.
        self._mark = token_urlsafe(3)
        self._told_of_others = False
        #: What is called with a session, and a message or the reason of its end.
        self.handlers: dict[str, Callable[..., Any]] = {}

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        """Have ``handler`` called at ``connect``, ``message`` or ``disconnect`` of a session."""
        self.handlers[event] = handler

    def transport(self, sid: str) -> str:
        """The transport of a session."""
        return self.sockets[sid].transport

    # Who may open a session, and with what it begins.

    def check(self, args: Mapping[str, str], method: str, transport: str | None = None) -> None:
        """Refuse what is not Engine.IO.

        :param args: The fields of the query string.
        :param transport: What it came by, where that has to be what it says.
        :raises Refused: with 400.
        """
        named = args.get("transport")
        if named not in self.transports or (transport is not None and named != transport):
            raise Refused(400, UNKNOWN_TRANSPORT)
        if args.get("EIO") != "4":
            raise Refused(400, BAD_VERSION)
        if args.get("sid") is None and method != "GET":
            raise Refused(400, BAD_METHOD)

    def check_origin(self, request: Request) -> dict[str, str]:
        """Refuse a page of another origin; the header fields that let in one that is allowed.

        :raises Refused: with 403.
        """
        origin = request.headers.get("Origin")
        if origin is None or self.cors_allowed_origins == []:
            return {}
        if not self._allows(origin, request):
            raise Refused(403, FORBIDDEN)
        fields = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if self.cors_credentials:
            fields["Access-Control-Allow-Credentials"] = "true"
        return fields

    def _allows(self, origin: str, request: Request) -> bool:
        allowed = self.cors_allowed_origins
        if callable(allowed):
            return bool(allowed(origin, request.environ) if _takes_two(allowed) else allowed(origin))
        if allowed is not None:
            listed = [allowed] if isinstance(allowed, str) else allowed
            if "*" in listed or origin in listed:
                return True
        parts = urlsplit(origin)
        return (parts.scheme, parts.netloc.lower()) == (request.scheme, request.host.lower())

    def find(self, sid: str, transport: str) -> Session:
        """The session of a request.

        :raises Refused: where there is none, or it goes by another transport by now.
        """
        session = self.sockets.get(sid)
        if session is None:
            if not self._told_of_others and not sid.startswith(self._mark):
                self._told_of_others = True
                self.logger.warning(_OTHERS_SESSION)
            raise Refused(400, UNKNOWN_SESSION)
        if session.transport != transport:
            raise Refused(400, BAD_REQUEST)
        return session

    def open(self, request: Request, transport: str) -> Session:
        """Begin a session: its first packet waits to be sent."""
        session = Session(self, self._mark + token_urlsafe(15), request, transport)
        self.sockets[session.sid] = session
        upgrades = ["websocket"] if self.allow_upgrades and transport == "polling" else []
        session.waiting.append(
            OPEN
            + json.dumps(
                {
                    "sid": session.sid,
                    "upgrades": [name for name in upgrades if name in self.transports],
                    "pingInterval": int((self.ping_interval + self.ping_interval_grace_period) * 1000),
                    "pingTimeout": int(self.ping_timeout * 1000),
                    "maxPayload": self.max_http_buffer_size,
                },
                separators=(",", ":"),
            )
        )
        self.handlers["connect"](session)
        return session

    def cookie_of(self, session: Session) -> str | None:
        """The Set-Cookie field of a new session, where there is to be one."""
        cookie = self.cookie
        if cookie is None:
            return None
        attributes = {"name": cookie} if isinstance(cookie, str) else dict(cookie)
        attributes = {"path": "/", "SameSite": "Lax", "HttpOnly": True, **attributes}
        field = f"{attributes.pop('name', 'io')}={session.sid}"
        for name, value in attributes.items():
            value = value() if callable(value) else value
            if value is True:
                field += f"; {name}"
            elif value is not False and value is not None:
                field += f"; {name}={value}"
        return field

    # What arrives.

    def receive(self, session: Session, packet: str | bytes) -> None:
        """Take a packet; one that is none ends the session."""
        if packet.__class__ is bytes:
            self.handlers["message"](session, packet)
            return
        kind = packet[:1]
        if kind == "4":
            self.handlers["message"](session, packet[1:])
        elif kind == "3":
            session.pong()
        elif kind == "1":
            session.close(self.reason.CLIENT_DISCONNECT)
        else:
            session.close(self.reason.TRANSPORT_ERROR)

    def forget(self, session: Session) -> None:
        """A session is over."""
        if self.sockets.pop(session.sid, None) is not None:
            self.handlers["disconnect"](session, session.closed)

    def stop(self) -> None:
        """End all sessions, from any thread: their clients come back elsewhere."""
        for session in tuple(self.sockets.values()):
            if not session.loop.is_closed():
                session.loop.call_soon_threadsafe(session.close, self.reason.TRANSPORT_CLOSE)


def _takes_two(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and code.co_argcount - hasattr(function, "__self__") > 1
