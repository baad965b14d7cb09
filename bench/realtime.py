"""Socket.IO on uvicorn: echoes, an event to everybody, and what an idle client takes, against python-socketio.

Both stand ready at once and are loaded in turn, round by round; read the ratios. The clients are bare sockets in one
process of their own, which is not what is measured: CPU time per echo is the server's.
"""

from __future__ import annotations

import resource
import select
import socket
import statistics
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.environment import program
from bench.processes import Server, free_port
from bench.report import table

#: Name, entrant, and the event that is echoed.
STANDS: tuple[tuple[str, str, str], ...] = (
    ("demijohn, async def", "demijohn", "echo"),
    ("demijohn, def", "demijohn", "echo_def"),
    ("python-socketio", "python-socketio", "echo"),
)
MEASURE = "python-socketio"
_ANSWER = b'42["echo","hello"]'


def start(entrant: str) -> Server:
    """A server process."""
    port = free_port()
    command = [program("uvicorn"), "--port", str(port), "--no-access-log", "bench.serve:app"]
    return Server(command, {"BENCH_APP": "bench.apps.realtime", "BENCH_KIND": entrant}, port)


def frame(text: bytes) -> bytes:
    """A masked text frame (RFC 6455, 5.2), with a mask that changes nothing."""
    return struct.pack("!BB", 0x81, 0x80 | len(text)) + b"\0\0\0\0" + text


class Client:
    """A client over a WebSocket from the beginning, connected to the main namespace."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        self._until(b'"maxPayload"')
        self.socket.sendall(frame(b"40"))
        self._until(b'40{"sid"')

    def _until(self, text: bytes) -> None:
        seen = b""
        while text not in seen:
            part = self.socket.recv(4096)
            if not part:
                raise RuntimeError(f"closed after {seen[-200:]!r}")
            seen += part

    def say(self, event: str) -> None:
        """Send an event."""
        self.socket.sendall(frame(b'42["%s","hello"]' % event.encode()))

    def heard(self) -> bool:
        """Whether what has arrived has the answer; pings are passed over."""
        return _ANSWER in self.socket.recv(4096)

    def close(self) -> None:
        """Leave."""
        self.socket.close()


def echoes(clients: Sequence[Client], event: str, seconds: float) -> tuple[int, list[float]]:
    """How many echoes there are in so many seconds, each client waiting for its own, and how long each took."""
    poll = select.epoll()
    by_fd = {client.socket.fileno(): client for client in clients}
    sent: dict[int, float] = {}
    times: list[float] = []
    clock = time.perf_counter
    for fd, client in by_fd.items():
        poll.register(fd, select.EPOLLIN)
        sent[fd] = clock()
        client.say(event)
    end = clock() + seconds
    while clock() < end:
        for fd, _ in poll.poll(0.5):
            if by_fd[fd].heard():
                now = clock()
                times.append(now - sent[fd])
                sent[fd] = now
                by_fd[fd].say(event)
    waiting = set(by_fd)
    late = clock() + 2
    while waiting and clock() < late:  # so that the next round begins with silence
        for fd, _ in poll.poll(0.5):
            if by_fd[fd].heard():
                waiting.discard(fd)
    poll.close()
    return len(times), times


def everybody(clients: Sequence[Client]) -> float:
    """Seconds until an event of one has reached all."""
    poll = select.epoll()
    by_fd = {client.socket.fileno(): client for client in clients}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    begin = time.perf_counter()
    clients[0].say("all")
    waiting = set(by_fd)
    while waiting and time.perf_counter() < begin + 10:
        for fd, _ in poll.poll(1):
            if by_fd[fd].heard():
                waiting.discard(fd)
    poll.close()
    if waiting:
        raise RuntimeError(f"{len(waiting)} clients were not reached")
    return time.perf_counter() - begin


def measure(rounds: int, seconds: float, idle: int, crowd: int = 1000) -> tuple[dict[str, Any], list[str]]:
    """Figures by stand, and what could not be measured."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * (idle + crowd) + 500
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted), hard))
    servers: dict[str, Server] = {}
    held: list[Client] = []
    figures: dict[str, Any] = {name: {"rate": [], "p50": [], "cpu": []} for name, _, _ in STANDS}
    problems: list[str] = []
    try:
        for entrant in dict.fromkeys(entrant for _, entrant, _ in STANDS):
            servers[entrant] = start(entrant)
            if not servers[entrant].wait_ready():
                return {}, [f"{entrant}: did not answer /hello"]
        few = {entrant: [Client(server.port) for _ in range(50)] for entrant, server in servers.items()}
        held += [client for clients in few.values() for client in clients]
        for turn in range(rounds + 1):
            for name, entrant, event in STANDS:
                print(f"\r  round {turn}: {name:30}", end="", file=sys.stderr, flush=True)
                before = servers[entrant].cpu_seconds()
                count, _ = echoes(few[entrant], event, seconds)
                cost = (servers[entrant].cpu_seconds() - before) / max(count, 1) * 1e6
                _, alone = echoes(few[entrant][:1], event, seconds / 3)
                if turn:
                    figures[name]["rate"].append(count / seconds)
                    figures[name]["cpu"].append(cost)
                    figures[name]["p50"].append(statistics.median(alone) * 1e6)
        print(file=sys.stderr)
        for entrant, server in servers.items():
            _crowd(figures, entrant, server, held, rounds, idle, crowd)
    except (OSError, RuntimeError) as problem:
        problems.append(f"{type(problem).__name__}: {problem}")
    finally:
        for client in held:
            client.close()
        for server in servers.values():
            server.close()
    return figures, problems


def _crowd(
    figures: dict[str, Any],
    entrant: str,
    server: Server,
    held: list[Client],
    rounds: int,
    idle: int,
    crowd: int,
) -> None:
    """An event to everybody, and memory: of each entrant once."""
    time.sleep(1)
    before = server.memory()
    clients = [Client(server.port) for _ in range(idle)]
    held += clients
    time.sleep(2)
    taken = (server.memory() - before) / idle
    for client in clients[crowd:]:
        client.close()
    time.sleep(1)
    reached = [everybody(clients[:crowd]) * 1000 for _ in range(max(rounds, 3) + 1)][1:]
    for name, of, _ in STANDS:
        if of == entrant:
            figures[name]["reached"] = reached
            figures[name]["kb"] = taken
    for client in clients[:crowd]:
        client.close()


def text(figures: dict[str, Any], problems: Sequence[str], idle: int, crowd: int = 1000) -> str:
    """The table and the ratios."""
    median = statistics.median
    rows = [
        (
            name, f"{median(one['p50']):.0f}", f"{median(one['rate']):.0f}", f"{median(one['cpu']):.0f}",
            f"{median(one['reached']):.0f}" if "reached" in one else "-", f"{one['kb']:.1f}" if "kb" in one else "-",
        )
        for name, one in figures.items()
        if one["rate"]
    ]  # fmt: skip
    head = (
        "Socket.IO on uvicorn",
        "echo p50 us",
        "echo/s, 50 clients",
        "CPU us an echo",
        f"{crowd} reached, ms",
        f"KB, {idle} idle",
    )
    parts = ["## Socket.IO", table(head, rows) if rows else "nothing was measured"]
    theirs = figures.get(MEASURE)
    if rows and theirs:
        for name, one in figures.items():
            if name != MEASURE:
                rates = [mine / other for mine, other in zip(one["rate"], theirs["rate"], strict=True)]
                costs = [mine / other for mine, other in zip(one["cpu"], theirs["cpu"], strict=True)]
                parts.append(
                    f"{name}: {median(rates):.0%} of its echo rate, {median(costs):.0%} of its CPU time."
                )
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
