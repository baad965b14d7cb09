"""A client that is connected in process: what it sends is handled when the call returns.

Its packets are written and read as on the wire; errors of handlers are raised to the test.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from demijohn import Flask, Request
from demijohn.ext.realtime.packets import (
    ACK, BINARY_ACK, BINARY_EVENT, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, encode,
)  # fmt: skip
from demijohn.ext.realtime.ports import Extension, Work
from demijohn.extend import later

if TYPE_CHECKING:
    from demijohn import testing
else:
    testing = later("demijohn.testing")  # only tests

__all__ = ["SocketIOTestClient"]


class _Session:
    """A session over no transport."""

    loop = None
    pending: Any = None
    closed: str | None = None
    transport = "polling"
    running = 0

    def __init__(self, client: SocketIOTestClient, request: Request) -> None:
        self.sid = client.eio_sid
        self.request = request
        self.attached: dict[str, Any] = {}
        self._client = client

    def send(self, data: str | bytes) -> None:
        self._client._receive(data)

    def run(self, work: Work) -> None:
        """Do what has to be awaited, now."""
        self._client._await(work)

    def close_unless_used(self, seconds: float) -> None:
        """A test may connect it again whenever it likes."""

    def close(self, reason: str) -> None:
        """End it."""
        if self.closed is None:
            self.closed = reason
            self._client._closed()


class SocketIOTestClient:
    """A client of Socket.IO in the test's process; see :meth:`SocketIO.test_client`."""

    def __init__(
        self, app: Flask, socketio: Extension, namespace: str | None = None, query_string: str | None = None,
        headers: Mapping[str, str] | None = None, auth: object = None,
        flask_test_client: testing.FlaskClient | None = None,
    ) -> None:  # fmt: skip
        self.app = app
        self.socketio = socketio
        self.flask_test_client = flask_test_client
        self.eio_sid = token_urlsafe(12)
        self.callback_counter = 0
        self.connected: dict[str, bool] = {}
        self.queue: list[dict[str, Any]] = []
        self.acks: dict[str, Any] | None = None
        self.sids: dict[str, str] = {}
        self._session: _Session | None = None
        self._pending: Any = None
        self.connect(namespace, query_string, headers, auth)

    def is_connected(self, namespace: str | None = None) -> bool:
        """Whether it is connected to a namespace."""
        return self.connected.get(namespace or "/", False)

    def connect(
        self, namespace: str | None = None, query_string: str | None = None, headers: Mapping[str, str] | None = None,
        auth: object = None,
    ) -> None:  # fmt: skip
        """Connect to a namespace, or to one more.

        :param query_string: Of the request that opens the connection.
        :param headers: Its header fields.
        :param auth: What the connect handler is given.
        """
        if self._session is None or self._session.closed is not None:
            self._session = _Session(self, self._request(query_string, headers))
            self.socketio.server._handle_eio_connect(self._session)
        self._send(CONNECT, auth, namespace)

    def _request(self, query_string: str | None, headers: Mapping[str, str] | None) -> Any:
        path = "/socket.io" if not query_string else f"/socket.io?{query_string.removeprefix('?')}"
        if self.flask_test_client is not None:
            environ = self.flask_test_client._request_from_builder_args(
                (), {"path": path, "headers": headers}
            ).environ
            self.flask_test_client._add_cookies_to_wsgi(environ)
        else:
            environ = testing.EnvironBuilder(self.app, path, headers=headers).get_environ()
        environ["flask.app"] = self.app
        return self.app.request_class(environ)

    def disconnect(self, namespace: str | None = None) -> None:
        """Disconnect from a namespace."""
        self._check(namespace)
        self._send(DISCONNECT, None, namespace)
        del self.connected[namespace or "/"]

    def emit(
        self, event: str, *args: Any, callback: bool = False, namespace: str | None = None, **_: Any
    ) -> Any:
        """Send an event.

        :param callback: Whether it is to be acknowledged; then what the handler returned is returned here.
        """
        self._check(namespace)
        number = None
        if callback:
            self.callback_counter += 1
            number = self.callback_counter
        self._send(EVENT, [event, *args], namespace, number)
        if self.acks is None:
            return None
        values, self.acks = self.acks["args"], None
        return values[0] if len(values) == 1 else values

    def send(
        self, data: object, json: bool = False, callback: bool = False, namespace: str | None = None
    ) -> Any:
        """Send a message; with ``json``, one of that name."""
        return self.emit("json" if json else "message", data, callback=callback, namespace=namespace)

    def get_received(self, namespace: str | None = None) -> list[dict[str, Any]]:
        """The events that have come since this was last asked: ``name``, ``args`` and ``namespace`` of each."""
        self._check(namespace)
        wanted = namespace or "/"
        found = [event for event in self.queue if event["namespace"] == wanted]
        self.queue = [event for event in self.queue if event["namespace"] != wanted]
        return found

    def _check(self, namespace: str | None) -> None:
        if not self.is_connected(namespace):
            raise RuntimeError(f"The client is not connected to the namespace {namespace or '/'!r}.")

    # Both ways.

    def _send(self, kind: int, data: object, namespace: str | None, number: int | None = None) -> None:
        server = self.socketio.server
        packets = encode(server.packet_class, kind, data, namespace, number)
        for packet in packets if isinstance(packets, list) else [packets]:
            work = server.receive(self._session, packet)
            if work is not None:
                self._await(work)

    def _await(self, work: Work) -> Any:
        async def awaited() -> Any:
            return await work

        return self.app.async_to_sync(awaited)()

    def _receive(self, data: str | bytes) -> None:
        pkt = self._pending
        if pkt is None:
            pkt = self.socketio.server.packet_class(encoded_packet=data)
            if pkt.attachment_count:
                self._pending = pkt
                return
        elif not pkt.add_attachment(data):
            return
        self._pending = None
        namespace = pkt.namespace or "/"
        kind = pkt.packet_type
        if kind in (EVENT, BINARY_EVENT):
            name, *args = pkt.data
            if name in ("message", "json"):
                args = args[0] if args else None
            self.queue.append({"name": name, "args": args, "namespace": namespace})
        elif kind in (ACK, BINARY_ACK):
            self.acks = {"args": pkt.data, "namespace": namespace}
        elif kind == CONNECT:
            self.connected[namespace] = True
            self.sids[namespace] = pkt.data["sid"]
        elif kind in (DISCONNECT, CONNECT_ERROR):
            self.connected[namespace] = False

    def _closed(self) -> None:
        self.connected.clear()
