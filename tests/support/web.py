"""One face for every way to reach an application, so that a test states its promise once.

`InProcess` drives an interface without a server, `OverSocket` a real server. Both take a raw request target.
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tests.support.http1 import Answer, Connection, Pairs, Truncated, exchange_bytes, raw
from tests.support.servers import Server

from demijohn.testing import EnvironBuilder, FlaskClient

Body = bytes | list[bytes]


class Stream(Protocol):
    """An answer that is still arriving."""

    answer: Answer

    def pieces(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Web:
    """What a test calls. `kind` is the interface (wsgi, asgi, rsgi); `real` tells whether a server is in between."""

    name: str
    kind: str
    real: bool

    def open(self, method: str, target: str, headers: Pairs, body: Body) -> Stream:
        raise NotImplementedError

    def request(self, method: str, target: str, headers: Pairs | None = None, body: Body = b"") -> Answer:
        stream = self.open(method, target, headers or [], body)
        answer = stream.answer
        try:
            for piece in stream.pieces():
                answer.body += piece
        except Truncated:
            answer.truncated = True
        finally:
            stream.close()
        return answer

    def get(self, target: str, headers: Pairs | None = None) -> Answer:
        return self.request("GET", target, headers)

    def post(
        self, target: str, body: Body = b"", kind: str | None = None, headers: Pairs | None = None
    ) -> Answer:
        pairs = ([("Content-Type", kind)] if kind else []) + (headers or [])
        return self.request("POST", target, pairs, body)

    @contextmanager
    def stream(self, target: str) -> Iterator[Stream]:
        """Leave the block to disconnect."""
        stream = self.open("GET", target, [], b"")
        try:
            yield stream
        finally:
            stream.close()

    def journal(self, key: str) -> list[str]:
        entries: list[str] = self.get(f"/journal/{key}").json
        return entries

    def wait_for(self, key: str, start: str, seconds: float = 6) -> str | None:
        """The journal entry that starts so, once it is there; `None` if it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            for entry in self.journal(key):
                if entry.startswith(start):
                    return entry
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)

    def __repr__(self) -> str:
        return f"<{self.name}>"


def new_key() -> str:
    """A journal key no other test uses."""
    return uuid.uuid4().hex


class InProcess(Web):
    real = False

    def __init__(self, app: Any, protocol: str) -> None:
        self.name = self.kind = protocol
        self.app = app
        self.client = FlaskClient(app, app.response_class, use_cookies=False, protocol=protocol)

    def open(self, method: str, target: str, headers: Pairs, body: Body) -> Stream:
        chunked = not isinstance(body, bytes)
        data = b"".join(body) if chunked else body
        overrides: dict[str, Any] = {"wsgi.input_terminated": True}
        sent = list(headers)
        if chunked:
            sent.append(("Transfer-Encoding", "chunked"))
            overrides["CONTENT_LENGTH"] = ""
        host = next((value for name, value in headers if name.lower() == "host"), None)
        if host is not None:
            overrides["HTTP_HOST"] = host
        declared = next((value for name, value in headers if name.lower() == "content-length"), None)
        if declared is not None:
            overrides["CONTENT_LENGTH"] = declared
        path, _, query = target.partition("?")
        builder = EnvironBuilder(
            self.app,
            path,
            query_string=query,
            method=method,
            headers=[pair for pair in sent if pair[0].lower() != "host"],
            input_stream=io.BytesIO(data) if data or chunked else None,
            environ_overrides=overrides,
        )
        return InProcessStream(self.client.open(builder))


class InProcessStream:
    def __init__(self, response: Any) -> None:
        self._response = response
        self.answer = Answer(response.status_code, list(response.headers))

    def pieces(self) -> Iterator[bytes]:
        try:
            for piece in self._response.response:  # noqa: UP028 - not `yield from`: that would pass a close on
                yield piece
        except Exception as error:
            raise Truncated(repr(error)) from error

    def close(self) -> None:
        self._response.close()


class OverSocket(Web):
    real = True

    def __init__(self, server: Server) -> None:
        self.server = server
        self.name, self.kind = server.name, server.kind

    def open(self, method: str, target: str, headers: Pairs, body: Body) -> Stream:
        return SocketStream(Connection(self.server.host, self.server.port), method, target, headers, body)

    def logged(self, text: str, seconds: float = 20) -> bool:
        """Whether the server's log comes to hold this text in time."""
        end = time.monotonic() + seconds
        while text not in self.server.log and time.monotonic() < end:
            time.sleep(0.02)
        return text in self.server.log

    def send(self, data: bytes, *, timeout: float = 5, shut: bool = False) -> bytes:
        """Send these bytes; return those that come back."""
        return exchange_bytes(self.server.host, self.server.port, data, timeout=timeout, shut=shut)

    def raw(self, data: bytes, *, timeout: float = 20, shut: bool = False) -> Answer | None:
        """Send these bytes; return the answer, or `None` if the peer just closed."""
        return raw(self.server.host, self.server.port, data, timeout=timeout, shut=shut)


class SocketStream:
    def __init__(self, connection: Connection, method: str, target: str, headers: Pairs, body: Body) -> None:
        self._connection = connection
        try:
            connection.send(method, target, headers, body)
            self.answer = connection.head()
        except BaseException:
            connection.close()
            raise

    def pieces(self) -> Iterator[bytes]:
        return self._connection.pieces()

    def close(self) -> None:
        self._connection.close()
