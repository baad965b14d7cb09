"""The RSGI side of the test client: stand-ins for the objects Granian hands to an application.

They behave as Granian 2.8.7's were measured to (RSGI 1.6): headers that are not visible ASCII are lost, a
body that was cut short iterates to an end without an error, streams have no back-pressure, a second response
is ignored. Where Granian would drop an invalid header or abort its worker on an invalid status, the stand-ins
raise instead, so that a test sees it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from demijohn.testing.exchange import Exchange
from demijohn.testing.head import Fields, Head, checked_fields, checked_status
from demijohn.testing.ports import Application
from demijohn.testing.wire import Body, WireRequest

__all__ = [
    "ProtocolClosed",
    "ProtocolError",
    "RSGIExchange",
    "RSGIHTTPProtocol",
    "RSGIHeaders",
    "RSGIScope",
    "RSGITransport",
]


def _errors() -> tuple[type[RuntimeError], type[RuntimeError]]:
    """Granian's two errors, so that an application that handles them can be tested; else plain ones."""
    try:
        # Imported here: an optional requirement.
        from granian._granian import RSGIProtocolClosed, RSGIProtocolError
    except ImportError:
        return RuntimeError, RuntimeError
    return RSGIProtocolClosed, RSGIProtocolError


#: Raised when the peer is gone, and when a protocol object is used out of turn.
ProtocolClosed, ProtocolError = _errors()


class RSGIHeaders:
    """The request headers: names in any case, values as text."""

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self._names = list(dict.fromkeys(name.decode("latin-1") for name, _ in pairs))
        self._pairs = [(n.decode("latin-1"), v.decode("ascii")) for n, v in pairs if _is_visible(v)]

    def get(self, key: str, default: str | None = None) -> str | None:
        """The first readable value of ``key``, else ``default``."""
        return next(iter(self.get_all(key)), default)

    def get_all(self, key: str) -> list[str]:
        """Every readable value of ``key``."""
        return [value for name, value in self._pairs if name == key.lower()]

    def items(self) -> Fields:
        """The pairs whose value is readable."""
        return list(self._pairs)

    def keys(self) -> list[str]:
        """Each name once, those with unreadable values included."""
        return list(self._names)

    def values(self) -> list[str]:
        """The readable values."""
        return [value for _, value in self._pairs]

    def __contains__(self, key: str) -> bool:
        return key.lower() in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, key: str) -> str:
        for value in self.get_all(key):
            return value
        raise KeyError(key)


def _is_visible(value: bytes) -> bool:
    return all(32 <= byte < 127 or byte == 9 for byte in value)


class RSGIScope:
    """The connection scope of one request."""

    rsgi_version = "1.6"

    def __init__(self, request: WireRequest, proto: str) -> None:
        host, port = request.client or ("127.0.0.1", 0)
        self.proto = proto
        self.http_version = request.http_version
        self.server = "{}:{}".format(*request.server)
        self.client = f"{host}:{port}"
        self.scheme = request.scheme
        self.method = request.method
        self.path = request.path
        self.query_string = request.query.decode("latin-1")
        self.authority: str | None = None
        self.headers = RSGIHeaders(request.headers)
        self.demijohn_environ = dict(request.extra)
        if request.root_path:
            rest = request.path[len(request.root_path) :]
            self.demijohn_environ.update(
                SCRIPT_NAME=request.root_path.encode().decode("latin-1"),
                PATH_INFO=rest.encode().decode("latin-1"),
            )


class RSGIExchange(Exchange):
    """One request; the protocol object that the application gets is an :class:`RSGIHTTPProtocol`."""

    def __init__(self, app: Application, request: WireRequest) -> None:
        super().__init__()
        self.streaming = False
        protocol = RSGIHTTPProtocol(self, request.body)
        self.launch(app.__rsgi__(RSGIScope(request, "http"), protocol))

    def ended_early(self) -> None:
        """A stream has no end event in RSGI: it ends when the application returns."""
        if not self.streaming:
            super().ended_early()


class RSGIHTTPProtocol:
    """What an application reads its body from and answers through."""

    def __init__(self, exchange: RSGIExchange, body: Body) -> None:
        self._exchange = exchange
        self._body = body
        self._taken = False
        self._answered = False

    async def __call__(self) -> bytes:
        """The whole body.

        :raises ProtocolClosed: If it was cut short.
        """
        self._take()
        parts = []
        more = True
        while more:
            try:
                data, more = self._body.chunk()
            except EOFError:
                raise ProtocolClosed("RSGI transport is closed") from None
            parts.append(data)
        return b"".join(parts)

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._take()
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            try:
                data, more = self._body.chunk()
            except EOFError:
                yield b""  # all that tells a body that broke off: two empty pieces instead of one
                break
            if data:
                yield data
        yield b""

    def _take(self) -> None:
        if self._taken:
            raise ProtocolError("RSGI protocol error")
        self._taken = True

    async def client_disconnect(self) -> None:
        """Wait until the client went away."""
        await self._exchange.gone.wait()

    def response_empty(self, status: int, headers: Fields) -> None:
        """Answer without a body."""
        self._answer(status, headers, b"")

    def response_str(self, status: int, headers: Fields, body: str) -> None:
        """Answer with text, sent as UTF-8."""
        self._answer(status, headers, body.encode())

    def response_bytes(self, status: int, headers: Fields, body: bytes) -> None:
        """Answer with bytes."""
        self._answer(status, headers, body)

    def response_file(self, status: int, headers: Fields, file: str) -> None:
        """Answer with a file's content; 404 if there is none."""
        path = Path(file)
        if path.is_file():
            self._answer(status, headers, path.read_bytes())
        else:
            self._answer(404, [], b"Not found")

    def response_file_range(self, status: int, headers: Fields, file: str, start: int, end: int) -> None:
        """Answer with the bytes of a file from ``start`` up to, not including, ``end``."""
        self._answer(status, headers, Path(file).read_bytes()[start:end])

    def response_stream(self, status: int, headers: Fields) -> RSGITransport:
        """Begin an answer whose body the returned transport sends."""
        self._exchange.streaming = True
        self._begin(status, headers)
        return RSGITransport(self._exchange)

    def _begin(self, status: int, headers: Fields) -> bool:
        head = Head(checked_status(status), checked_fields(headers))
        first, self._answered = not self._answered, True
        if first:
            self._exchange.events.put_nowait(head)
        return first

    def _answer(self, status: int, headers: Fields, body: bytes) -> None:
        if self._begin(status, headers):
            self._exchange.end(body)


class RSGITransport:
    """The sending side of a stream. Its sends never wait for the client."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def send_bytes(self, data: bytes) -> None:
        """Send a part.

        :raises ProtocolClosed: Once the client is gone.
        """
        if self._exchange.gone.is_set():
            raise ProtocolClosed("RSGI transport is closed")
        self._exchange.events.put_nowait(bytes(data))

    async def send_str(self, data: str) -> None:
        """Send a part as UTF-8."""
        await self.send_bytes(data.encode())
