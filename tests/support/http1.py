"""HTTP/1.1 over a plain socket, exactly as a test wants it: nothing is normalised, corrected or retried."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import h11

Pairs = list[tuple[str, str]]


class Truncated(Exception):
    """The connection ended, broke the framing or fell silent before the body was complete."""


@dataclass
class Answer:
    """A response. `truncated` is true when the peer could tell that the body is not complete."""

    status: int
    headers: Pairs = field(default_factory=list)
    body: bytes = b""
    truncated: bool = False

    def header(self, name: str) -> str | None:
        return next(iter(self.header_list(name)), None)

    def header_list(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def exchange_bytes(host: str, port: int, data: bytes, *, timeout: float = 5, shut: bool = False) -> bytes:
    """Send `data` as it is and return all that comes back until the peer closes or is silent for `timeout`.

    `shut` closes the sending side afterwards, as a client does that went away in mid-request.
    """
    received = b""
    with socket.create_connection((host, port), timeout=timeout) as peer:
        try:
            peer.sendall(data)
            if shut:
                peer.shutdown(socket.SHUT_WR)
            while piece := peer.recv(65_536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    return received


def raw(host: str, port: int, data: bytes, *, timeout: float = 20, shut: bool = False) -> Answer | None:
    """Send the bytes of one request and parse the first answer; `None` when the peer closed without one.

    :raises TimeoutError: when it neither answers nor closes.
    """
    with socket.create_connection((host, port), timeout=timeout) as peer:
        try:
            peer.sendall(data)
            if shut:
                peer.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=1_000_000)
        method = data.split(b" ", 1)[0].decode("latin-1")
        reader.send(
            h11.Request(method=method if method.isalpha() else "GET", target="/", headers=[("host", "x")])
        )
        reader.send(h11.EndOfMessage())
        try:
            return _read(peer, reader)
        except (Truncated, ConnectionError):
            return None


class Connection:
    """One request on one connection; the answer's body can be read piece by piece or left half-read."""

    def __init__(self, host: str, port: int, timeout: float = 20) -> None:
        self.host, self.port = host, port
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.h11 = h11.Connection(h11.CLIENT)

    def send(self, method: str, target: str, headers: Pairs, body: bytes | Iterable[bytes] = b"") -> None:
        """Send a request; a body given in pieces goes out chunked."""
        pieces = [body] if isinstance(body, bytes) else body
        names = {name.lower() for name, _ in headers}
        pairs = [] if "host" in names else [("Host", f"{self.host}:{self.port}")]
        pairs += [("Connection", "close"), *headers]
        if not isinstance(body, bytes):
            pairs.append(("Transfer-Encoding", "chunked"))
        elif "content-length" not in names and (body or method in ("POST", "PUT", "PATCH")):
            pairs.append(("Content-Length", str(len(body))))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        self._write(h11.Request(method=method, target=target, headers=encoded))
        try:
            for piece in pieces:
                self._write_body(h11.Data(data=piece))
            self._write_body(h11.EndOfMessage())
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass  # the server answered early and closed, or stopped reading: its answer is still to be read

    def _write(self, event: Any) -> None:
        self.socket.sendall(self.h11.send(event) or b"")

    def _write_body(self, event: Any) -> None:
        """Send a part of the body; an answer that is there ends the sending once the server takes no more.

        RFC 9112, section 9.3, asks that of a client: a server need not read what it has refused.
        """
        rest = memoryview(self.h11.send(event) or b"")
        while rest:
            answered, writable, _ = select.select([self.socket], [self.socket], [], self.socket.gettimeout())
            if not writable and answered:
                _, writable, _ = select.select([], [self.socket], [], 2)
            if not writable:
                raise TimeoutError("the server takes no more of the body")
            rest = rest[self.socket.send(rest) :]

    def head(self) -> Answer:
        return _head(self.socket, self.h11)

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives. Raises `Truncated` if it breaks off."""
        return _pieces(self.socket, self.h11)

    def read(self) -> Answer:
        return _read(self.socket, self.h11)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _next_event(peer: socket.socket, reader: h11.Connection) -> Any:
    while True:
        try:
            event = reader.next_event()
        except h11.RemoteProtocolError as error:
            raise Truncated(str(error)) from None
        if event is not h11.NEED_DATA:
            return event
        try:
            reader.receive_data(peer.recv(65_536))
        except (ConnectionResetError, TimeoutError) as error:
            raise Truncated(f"the answer broke off: {error!r}") from None


def _head(peer: socket.socket, reader: h11.Connection) -> Answer:
    while True:
        event = _next_event(peer, reader)
        if isinstance(event, h11.ConnectionClosed):
            raise Truncated("connection closed before an answer")
        if isinstance(event, h11.Response):
            pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
            return Answer(event.status_code, pairs)


def _pieces(peer: socket.socket, reader: h11.Connection) -> Iterator[bytes]:
    while True:
        event = _next_event(peer, reader)
        if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return
        yield bytes(event.data)


def _read(peer: socket.socket, reader: h11.Connection) -> Answer:
    answer = _head(peer, reader)
    try:
        for piece in _pieces(peer, reader):
            answer.body += piece
    except Truncated:
        answer.truncated = True
    return answer
