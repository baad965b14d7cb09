"""Event streams and WebSocket echo on uvicorn: memory of each stream, the time to reach them all, the cost of an echo.

The servers stand in turn, round by round; the figures are the medians.
"""

from __future__ import annotations

import contextlib
import http.client
import resource
import selectors
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.environment import program
from bench.processes import Server, free_port
from bench.report import table
from bench.sockets import connect, say

STANDS: tuple[tuple[str, str], ...] = (
    ("demijohn", "streams_demijohn"),
    ("starlette", "streams_starlette"),
    ("sse-starlette", "streams_sse_starlette"),
)
DISTRIBUTIONS = {"starlette", "sse-starlette", "uvicorn", "websockets"}
MESSAGE = b"x" * 100
FIELDS = ("reached_ms", "event_cpu_us", "echo_us", "echo_cpu_us")


def _open(port: int) -> socket.socket:
    """An event stream whose header has come."""
    peer = socket.create_connection(("127.0.0.1", port), 20)
    peer.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        part = peer.recv(4096)
        if not part:
            raise RuntimeError(f"answered {head[:200]!r}")
        head += part
    return peer


def _publish(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/publish", MESSAGE)
    connection.getresponse().read()
    connection.close()


def _reach_all(port: int, peers: Sequence[socket.socket]) -> float:
    """Milliseconds from the moment a message is published until the last listener has it."""
    with selectors.DefaultSelector() as selector:
        waiting = {}
        for peer in peers:
            waiting[peer] = b""
            selector.register(peer, selectors.EVENT_READ)
        began = time.perf_counter()
        _publish(port)
        while waiting:
            for key, _ in selector.select(20):
                peer: Any = key.fileobj
                waiting[peer] += peer.recv(65536)
                if MESSAGE in waiting[peer]:
                    del waiting[peer]
                    selector.unregister(peer)
        return (time.perf_counter() - began) * 1000


def _echo(server: Server, times: int) -> tuple[float, float]:
    """Microseconds an echo takes its client, the median, and the server's processor."""
    peer = connect(server.port)
    try:
        for _ in range(200):
            say(peer, b"hello")
        before, seen = server.cpu_seconds(), []
        for _ in range(times):
            began = time.perf_counter()
            say(peer, b"hello")
            seen.append(time.perf_counter() - began)
        return statistics.median(seen) * 1e6, (server.cpu_seconds() - before) / times * 1e6
    finally:
        peer.close()


def _round(server: Server, count: int) -> dict[str, float]:
    with contextlib.ExitStack() as held:
        peers = [held.enter_context(_open(server.port)) for _ in range(20)]  # warm up
        _reach_all(server.port, peers)
        before = server.memory()
        peers += [held.enter_context(_open(server.port)) for _ in range(count)]
        time.sleep(0.5)
        idle = server.memory()
        used = server.cpu_seconds()
        reached = statistics.median(_reach_all(server.port, peers) for _ in range(20))
        event_cpu = (server.cpu_seconds() - used) / (20 * len(peers)) * 1e6
    took, cpu = _echo(server, count * 5)
    return {
        "stream_kb": (idle - before) / count, "reached_ms": reached, "event_cpu_us": event_cpu, "echo_us": took,
        "echo_cpu_us": cpu,
    }  # fmt: skip


def measure(count: int, rounds: int) -> tuple[dict[str, Any], list[str]]:
    """Figures by entrant, and what could not be measured."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    seen: dict[str, list[dict[str, float]]] = {}
    problems: list[str] = []
    for turn in range(rounds):
        for name, module in STANDS:
            print(f"\r  round {turn + 1}: {name:20}", end="", file=sys.stderr, flush=True)
            port = free_port()
            command = [program("uvicorn"), "--port", str(port), "--no-access-log", f"bench.apps.{module}:app"]
            server = Server(command, {}, port)
            try:
                if not server.wait_ready():
                    raise RuntimeError("did not answer /hello")  # noqa: TRY301
                seen.setdefault(name, []).append(_round(server, count))
            except (OSError, RuntimeError) as problem:
                problems.append(f"{name}: {type(problem).__name__}: {problem}")
            finally:
                server.close()
    print(file=sys.stderr)
    figures = {
        name: {field: statistics.median(one[field] for one in found) for field in found[0]}
        for name, found in seen.items()
    }
    return figures, problems


def text(figures: dict[str, Any], problems: Sequence[str], count: int) -> str:
    """The table, the verdicts and the problems."""
    rows = [
        (name, f"{one['stream_kb']:.1f}", *(f"{one[field]:.0f}" for field in FIELDS))
        for name, one in figures.items()
    ]
    head = (f"{count} event streams on uvicorn", "KB each", "all reached, ms", "server CPU us an event",
            "WebSocket echo p50 us", "server CPU us an echo")  # fmt: skip
    parts = ["## Event streams and WebSocket echo", table(head, rows) if rows else "nothing was measured"]
    ours, theirs = figures.get("demijohn"), figures.get("starlette")
    if ours and theirs:
        for what, field, most in (
            ("memory of a stream", "stream_kb", 1.0), ("time to reach all", "reached_ms", 1.0),
            ("cost of an event", "event_cpu_us", 1.0), ("cost of an echo", "echo_cpu_us", 1.1),
        ):  # fmt: skip
            ratio = ours[field] / theirs[field]
            verdict = "met" if ratio <= most else "not met"
            parts.append(f"Target: {what} at most {most:g} times Starlette's: {ratio:.2f}, {verdict}.")
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
