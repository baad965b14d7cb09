"""Memory an idle WebSocket takes in the worker: many are opened and left alone, then each says a word."""

from __future__ import annotations

import os
import resource
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench import servers
from bench.report import table

STANDS: tuple[tuple[str, str], ...] = (
    ("demijohn", "demijohn-asgi"),
    ("starlette", "starlette"),
    ("bare ASGI", "empty-asgi"),
)


def connect(port: int) -> socket.socket:
    """An open WebSocket (RFC 6455, section 4.1)."""
    connection = socket.create_connection(("127.0.0.1", port), 10)
    connection.sendall(
        f"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Origin: http://127.0.0.1:{port}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(4096)
        if not part:
            break
        head += part
    if not head.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(f"answered {head[:200]!r}")
    return connection


def say(connection: socket.socket, word: bytes) -> bytes:
    """Send a masked text frame and return the payload of the frame that answers it."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(word))
    connection.sendall(struct.pack("!BB", 0x81, 0x80 | len(word)) + mask + masked)
    return connection.recv(4096)[2:]


def measure(count: int) -> tuple[dict[str, Any], list[str]]:
    """Kilobytes per socket by entrant: opened and idle, and after one message each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    figures: dict[str, Any] = {}
    problems: list[str] = []
    for name, entrant in STANDS:
        print(f"  {name}", file=sys.stderr)
        server = servers.start(entrant, "granian-asgi", sockets=True)
        held: list[socket.socket] = []
        try:
            if not server.wait_ready():
                problems.append(f"{name}: did not answer /hello")
                continue
            held = [connect(server.port) for _ in range(20)]  # warm up: threads, caches
            assert say(held[0], b"hello") == b"hello"
            before = server.memory()
            held += [connect(server.port) for _ in range(count)]
            time.sleep(1)
            idle = server.memory()
            for connection in held:
                assert say(connection, b"hello") == b"hello"
            time.sleep(0.5)
            used = server.memory()
            figures[name] = {
                "idle_kb": (idle - before) / count,
                "used_kb": (used - before) / count,
                "worker_mb": used / 1024,
            }
        except (OSError, RuntimeError, AssertionError) as problem:
            problems.append(f"{name}: {type(problem).__name__}: {problem}")
        finally:
            for connection in held:
                connection.close()
            server.close()
    return figures, problems


def text(figures: dict[str, Any], problems: Sequence[str], count: int) -> str:
    """The table, the verdict and the problems."""
    rows = [
        (name, f"{one['idle_kb']:.1f}", f"{one['used_kb']:.1f}", f"{one['worker_mb']:.0f}")
        for name, one in figures.items()
    ]
    head = (f"{count} WebSockets on Granian", "idle KB each", "after a message", "worker MB")
    parts = ["## Idle WebSockets", table(head, rows) if rows else "nothing was measured"]
    ours, theirs = figures.get("demijohn"), figures.get("starlette")
    if ours and theirs:
        verdict = "met" if ours["idle_kb"] <= theirs["idle_kb"] else "not met"
        parts.append(f"Target: at most Starlette's memory per idle socket: {verdict}.")
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
