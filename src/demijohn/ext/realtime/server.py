"""The Socket.IO server: namespaces, events and acknowledgements, on python-socketio's registry and packets.

Handlers run as tasks of the session's loop. This module must not know Flask's contexts, nor a transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from secrets import token_urlsafe
from threading import Event
from typing import Any

from socketio import exceptions
from socketio.base_server import BaseServer
from socketio.packet import Packet

from demijohn.ext.realtime.clients import Client, deliver
from demijohn.ext.realtime.engine.server import Engine
from demijohn.ext.realtime.manager import Manager, as_list
from demijohn.ext.realtime.packets import (
    ACK, BINARY_EVENT, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, MalformedPacket, check, encode,
    packet_class,
)  # fmt: skip
from demijohn.extend import is_awaitable, running_loop
from demijohn.ext.realtime.ports import Connection, Rooms, Work

__all__ = ["Server"]

#: Seconds a session may go on that has been refused its only namespace.
_GRACE = 1.0

_INVALID = {"message": "Invalid namespace"}
_REFUSED = {"message": "Connection rejected by server"}


class Server(BaseServer):  # type: ignore[misc]
    """A server of Socket.IO; the parameters are python-socketio's, and the engine's.

    :param recovery: Keeps what was emitted for clients that come back; None for nothing.
    """

    # What python-socketio makes, as it is here.
    eio: Any
    manager: Any
    packet_class: Any

    def __init__(
        self, client_manager: Manager | None = None, serializer: str | type[Packet] = "default", json: object = None,
        logger: object = False, recovery: Any = None, **options: Any,
    ) -> None:  # fmt: skip
        manager = Manager() if client_manager is None else client_manager
        own: Any = packet_class(serializer, json)
        options = {**options, "client_manager": manager, "serializer": own, "logger": logger}
        super().__init__(**options)
        self.recovery = manager.recovery = recovery
        self._initialized = False
        self._sessions: dict[str, Any] = {}

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def is_asyncio_based(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Whether its namespaces are: ours are of either kind."""
        return False

    def session(self, eio_sid: str) -> Any:
        """A session by its id."""
        return self._sessions.get(eio_sid)

    # Sessions come and go.

    def _handle_eio_connect(self, session: Connection) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not self._initialized:
            self._initialized = True
            self.manager.initialize()
        session.attached = {}
        self._sessions[session.sid] = session
        self.environ[session.sid] = session.request.environ

    def _handle_eio_disconnect(self, session: Connection, reason: str) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        clients = list(session.attached.values())
        if not clients:
            self._forget(session)
        for client in clients:
            self._gone(client, reason)

    def _forget(self, session: Connection) -> None:
        if session.closed is not None and not session.attached:
            self._sessions.pop(session.sid, None)
            self.environ.pop(session.sid, None)

    def _handle_eio_message(self, session: Connection, data: str | bytes) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        work = self.receive(session, data)
        if work is not None:
            session.run(work)

    # Packets.

    def receive(self, session: Connection, data: str | bytes) -> Work | None:
        """Take a part of a packet; the work that there is when it is whole. One that is malformed ends the session."""
        try:
            pkt = session.pending
            if pkt is None:
                pkt = self._decoded(data)
                if pkt.attachment_count:
                    session.pending = pkt
                    return None
            else:
                if not self._completed(pkt, data):
                    return None
                session.pending = None
            return self._work(session, pkt)
        except MalformedPacket as e:
            self.eio.logger.info("Socket.IO: a session is closed: %s", e)
            session.close(self.reason.TRANSPORT_ERROR)
            return None

    def _decoded(self, data: str | bytes) -> Any:
        try:
            pkt = self.packet_class(encoded_packet=data)
        except Exception as e:  # of any serializer, for anything that anybody may send
            raise MalformedPacket(f"It cannot be read: {e}") from None
        check(pkt)
        return pkt

    def _completed(self, pkt: Any, data: str | bytes) -> bool:
        if not isinstance(data, (bytes, bytearray)):
            raise MalformedPacket("Text came where an attachment was due.")
        if sum(map(len, pkt.attachments)) + len(data) > self.eio.max_http_buffer_size:
            raise MalformedPacket("Its attachments are larger than max_http_buffer_size.")
        try:
            return bool(pkt.add_attachment(data))
        except RecursionError:
            raise MalformedPacket("It is nested too deeply.") from None

    def _work(self, session: Connection, pkt: Packet) -> Work | None:
        namespace = pkt.namespace or "/"
        kind = pkt.packet_type
        client = session.attached.get(namespace)
        if kind == CONNECT:
            if client is not None:
                raise MalformedPacket("It is connected to that namespace.")
            return self._connect(session, namespace, pkt.data)
        if client is None or client.held is not None:
            raise MalformedPacket(f"It is not connected to the namespace {namespace!r}.")
        if kind == DISCONNECT:
            return self._gone(client, self.reason.CLIENT_DISCONNECT)
        if kind in (EVENT, BINARY_EVENT):
            work = self._event(client, pkt)
            return work if self.async_handlers else self._in_turn(client, work)
        return self._acknowledged(client, pkt)

    async def _in_turn(self, client: Client, work: Work) -> None:
        before, done = client.turn, asyncio.Event()
        client.turn = done
        try:
            if before is not None:
                await before.wait()
            await work
        finally:
            done.set()

    async def _event(self, client: Client, pkt: Packet) -> None:
        values: Any = pkt.data
        returned = await self.trigger(values[0], client.namespace, client.sid, *values[1:])
        if pkt.id is not None and returned is not self.not_handled:
            deliver((client,), encode(self.packet_class, ACK, as_list(returned), client.namespace, pkt.id))

    async def _acknowledged(self, client: Client, pkt: Packet) -> None:
        rv = self.manager.acknowledge(client, pkt.id, pkt.data)
        if is_awaitable(rv):
            await rv

    async def trigger(self, event: str, namespace: str, *args: Any) -> Any:
        """Call the handler of an event, of whatever kind."""
        handler, given = self._get_event_handler(event, namespace, args)
        if handler is None:
            handler, given = self._get_namespace_handler(namespace, args)
            if handler is None:
                return self.not_handled
            returned = handler.trigger_event(event, *given)
        else:
            returned = handler(*given)
        return await returned if is_awaitable(returned) else returned

    def answered(self, callback: Callable[..., Any], values: list[Any]) -> None:
        """Call what waits for a client of another worker, in the thread of the queue."""
        rv = callback(*values)
        if is_awaitable(rv):
            loop = next((session.loop for session in tuple(self._sessions.values()) if session.loop), None)
            if loop is None:
                rv.close()
            else:
                asyncio.run_coroutine_threadsafe(rv, loop)

    # Connecting and disconnecting.

    def knows(self, namespace: str) -> bool:
        """Whether a namespace may be connected to."""
        allowed = self.namespaces
        return (
            allowed == "*"
            or namespace in allowed
            or namespace in self.handlers
            or namespace in self.namespace_handlers
            or namespace == "/"
        )

    def _connect(self, session: Connection, namespace: str, auth: object) -> Work | None:
        if not self.knows(namespace):
            session.send(encode(self.packet_class, CONNECT_ERROR, _INVALID, namespace))
            self._close_unused(session)
            return None
        client = Client(session, namespace, token_urlsafe(15))
        session.attached[namespace] = client
        return self._admit(client, auth)

    async def _admit(self, client: Client, auth: object) -> None:
        """Ask the connect handler, and tell the client; what it emits meanwhile comes after that."""
        recovery, namespace = self.recovery, client.namespace
        missed: Any = ()
        if recovery is not None:
            await recovery.begin(client, auth, self)
            auth = recovery.without_offset(auth)
        self.manager.clients.add(client)
        if self.always_connect:
            client.accept(self._connected(client))
        try:
            accepted = await self.trigger(
                "connect", namespace, client.sid, client.session.request.environ, auth
            )
            why: Any = _REFUSED
        except exceptions.ConnectionRefusedError as e:
            accepted, why = False, e.error_args
        except ConnectionRefusedError:
            accepted, why = False, {"message": "Connection refused by server"}
        except BaseException:
            self._refuse(client, _REFUSED)
            raise
        if accepted is False:
            self._refuse(client, why)
        elif client.connected and client.held is not None:
            if recovery is not None:
                missed = await recovery.missed(client, self.manager)
            client.accept(self._connected(client), missed)

    def _connected(self, client: Client) -> Any:
        data = {"sid": client.sid} if client.pid is None else {"sid": client.sid, "pid": client.pid}
        return encode(self.packet_class, CONNECT, data, client.namespace)

    def _refuse(self, client: Client, why: object) -> None:
        if client.connected:
            client.held = []  # what the handler emitted is not for it
            client.connected = False
            kind, data = (DISCONNECT, None) if self.always_connect else (CONNECT_ERROR, why)
            client.session.send(encode(self.packet_class, kind, data, client.namespace))
        self._remove(client)
        self._close_unused(client.session)

    def _remove(self, client: Client) -> None:
        self.manager.clients.remove(client)
        session = client.session
        if session.attached.get(client.namespace) is client:
            del session.attached[client.namespace]
        self._forget(session)

    def _close_unused(self, session: Connection) -> None:
        """A session that was refused all it wanted does not stay."""
        if not session.attached:
            session.close_unless_used(_GRACE)

    def _gone(self, client: Client, reason: str) -> Work | None:
        """A client is no longer connected: its handler is told, and then it is forgotten."""
        if not client.connected:
            return None
        accepted = client.held is None
        client.connected = False
        if self.recovery is not None and accepted:
            self.recovery.keep(
                client, reason not in (self.reason.CLIENT_DISCONNECT, self.reason.SERVER_DISCONNECT)
            )
        if not accepted:  # its connect handler still runs
            self._remove(client)
            return None
        work = self._depart(client, reason)
        session = client.session
        if session.closed is None or session.loop is None:
            return work
        session.run(work)
        return None

    async def _depart(self, client: Client, reason: str) -> None:
        try:
            await self.trigger("disconnect", client.namespace, client.sid, reason)
        finally:
            self._remove(client)
            self._close_unused(client.session)

    def end(self, client: Client) -> None:
        """Disconnect a client from this side, from any thread."""
        loop = client.session.loop
        if loop is None or running_loop() is loop:
            self._end_here(client)
        else:
            loop.call_soon_threadsafe(self._end_here, client)

    def _end_here(self, client: Client) -> None:
        if not client.connected:
            return
        if client.held is None:
            client.deliver(encode(self.packet_class, DISCONNECT, None, client.namespace))
        work = self._gone(client, self.reason.SERVER_DISCONNECT)
        if work is None:
            return
        client.session.run(work)

    # What applications call, in any thread.

    def emit(
        self, event: str, data: object = None, to: Rooms = None, room: Rooms = None, skip_sid: Rooms = None,
        namespace: str | None = None, callback: Callable[..., Any] | None = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """Send an event; see :meth:`demijohn.ext.realtime.SocketIO.emit`."""
        room = to or room
        if isinstance(room, tuple | set | frozenset):
            room = list(room)
        self.manager.emit(event, data, namespace or "/", room, skip_sid, callback, ignore_queue)

    def send(self, data: object, **options: Any) -> None:
        """Send a message, the event of that name."""
        self.emit("message", data, **options)

    def call(
        self, event: str, data: object = None, to: str | None = None, sid: str | None = None,
        namespace: str | None = None, timeout: float = 60, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """Send an event and wait for its acknowledgement; on a loop, what is returned has to be awaited.

        :raises TimeoutError: python-socketio's, when none came in time.
        """
        to = to or sid
        if to is None:
            raise ValueError("An event is called of one client: say which, to=...")
        options: dict[str, Any] = {"to": to, "namespace": namespace, "ignore_queue": ignore_queue}
        if running_loop() is not None:
            return self._call_async(event, data, options, timeout)
        came, answers = Event(), []

        def acknowledged(*values: tuple[Any, ...]) -> None:
            answers.append(values)
            came.set()

        self.emit(event, data, callback=acknowledged, **options)
        if not came.wait(timeout):
            raise exceptions.TimeoutError
        return _answer(answers[0])

    async def _call_async(self, event: str, data: object, options: dict[str, Any], most: float) -> Any:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[Any] = loop.create_future()

        def settle(values: tuple[Any, ...]) -> None:
            if not came.done():
                came.set_result(values)

        def acknowledged(*values: tuple[Any, ...]) -> None:
            loop.call_soon_threadsafe(settle, values)

        self.emit(event, data, callback=acknowledged, **options)
        try:
            async with asyncio.timeout(most):
                return _answer(await came)
        except TimeoutError:
            raise exceptions.TimeoutError from None

    def enter_room(self, sid: str, room: str, namespace: str | None = None) -> None:
        """Let a client into a room."""
        self.manager.enter_room(sid, namespace or "/", room)

    def leave_room(self, sid: str, room: str, namespace: str | None = None) -> None:
        """Let a client out of a room."""
        self.manager.leave_room(sid, namespace or "/", room)

    def close_room(self, room: str, namespace: str | None = None) -> None:
        """Let everybody out of a room."""
        self.manager.close_room(room, namespace or "/")

    def disconnect(self, sid: str, namespace: str | None = None) -> None:
        """Disconnect a client."""
        self.manager.disconnect(sid, namespace or "/")

    def stop(self) -> None:
        """End all sessions and what reaches other processes."""
        self.eio.stop()
        self.manager.stop()


def _answer(values: tuple[Any, ...]) -> Any:
    if len(values) > 1:
        return values
    return values[0] if values else None
