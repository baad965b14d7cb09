"""A client of Socket.IO that says what a test wants it to say, over a WebSocket or by polling."""

from __future__ import annotations

import contextlib
import json
from types import TracebackType
from typing import Any, ClassVar

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


class Wire:
    """A WebSocket, with Engine.IO's first packet read; pings are answered."""

    def __init__(self, url: str, query: str = "EIO=4&transport=websocket", **options: Any) -> None:
        address = f"{url.replace('http', 'ws', 1)}/socket.io/?{query}"
        self.stack = contextlib.ExitStack()
        self.socket = self.stack.enter_context(connect(address, close_timeout=1, **options))
        self.answers_pings = True
        self.opened: dict[str, Any] = {}
        if "sid=" not in query:
            first = self.socket.recv(5)
            assert isinstance(first, str)
            self.opened = json.loads(first[1:])

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.stack.close()

    def send(self, packet: str | bytes) -> None:
        self.socket.send(packet)

    def receive(self, seconds: float = 5) -> str | bytes:
        """The next packet that is no ping."""
        while True:
            packet = self.socket.recv(seconds)
            if packet != "2":
                return packet
            if self.answers_pings:
                self.socket.send("3")

    def connect(self, namespace: str = "", auth: Any = None) -> dict[str, Any]:
        """Connect to a namespace: what the server says to it."""
        place = f"{namespace}," if namespace else ""
        self.send(f"40{place}{'' if auth is None else json.dumps(auth)}")
        answer = self.receive()
        assert isinstance(answer, str)
        assert answer.startswith(f"40{place}"), answer
        told: dict[str, Any] = json.loads(answer[2 + len(place) :])
        return told

    def welcomed(self, auth: Any = None) -> dict[str, Any]:
        """Connect to the main namespace: what its connect handler emits."""
        told = self.connect(auth=auth)
        name, welcome, *_ = self.event()
        assert name == "welcome"
        return {**told, **welcome}

    def emit(self, *values: Any, number: int | None = None) -> None:
        self.send(f"42{'' if number is None else number}{json.dumps(values)}")

    def event(self, seconds: float = 5) -> list[Any]:
        packet = self.receive(seconds)
        assert isinstance(packet, str)
        assert packet.startswith("42"), packet
        values: list[Any] = json.loads(packet[2:])
        return values

    def ask(self, *values: Any, number: int = 1) -> Any:
        """Emit an event and wait for its acknowledgement, other events passed over."""
        self.emit(*values, number=number)
        while True:
            packet = self.receive()
            if isinstance(packet, str) and packet.startswith(f"43{number}"):
                answer = json.loads(packet[2 + len(str(number)) :])
                return answer[0] if len(answer) == 1 else answer

    def ends(self, seconds: float = 5) -> bool:
        """Whether the server closes within that time; what it sends before is passed over."""
        with contextlib.suppress(TimeoutError):
            while True:
                try:
                    self.receive(seconds)
                except ConnectionClosed:
                    return True
        return False


class Polling:
    """A session by polling; those of a test are closed after it."""

    clients: ClassVar[list[httpx.Client]] = []

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.client = httpx.Client(base_url=f"{url}/socket.io/", headers=headers, timeout=10)
        self.clients.append(self.client)
        answer = self.client.get("", params={"EIO": "4", "transport": "polling"})
        answer.raise_for_status()
        self.opened = json.loads(answer.text[1:])
        self.query = {"EIO": "4", "transport": "polling", "sid": self.opened["sid"]}

    def get(self) -> httpx.Response:
        return self.client.get("", params=self.query)

    def post(self, body: str | bytes) -> httpx.Response:
        return self.client.post("", params=self.query, content=body)

    def receive(self) -> list[str]:
        """The packets of the next answer."""
        return self.get().raise_for_status().text.split("\x1e")
