"""A large upload read bit by bit, and as part of a form: its speed against a bare server's, and the memory it takes.

The body is made as it is sent, with a Content-Length, over one connection on loopback. Rounds are
interleaved. Memory is the worker's peak above what it held when idle.
"""

from __future__ import annotations

import random
import socket
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench import servers
from bench.parsers import BOUNDARY, END, HEAD
from bench.processes import Server
from bench.report import table
from bench.servers import Stand

MEGABYTE = 1024 * 1024
MOST_MEMORY_MB = 32
SHARE_OF_BARE = 0.70
STANDS: tuple[Stand, ...] = (
    Stand("bare, Granian WSGI", "empty", "granian-wsgi", ""),
    Stand("demijohn, Granian WSGI", "demijohn", "granian-wsgi", "bare, Granian WSGI"),
    Stand("flask, Granian WSGI", "flask", "granian-wsgi", "bare, Granian WSGI"),
    Stand("bare, Granian ASGI", "empty-asgi", "granian-asgi", ""),
    Stand("demijohn async view, Granian ASGI", "demijohn-asgi", "granian-asgi", "bare, Granian ASGI"),
    Stand("demijohn sync view, Granian ASGI", "demijohn-sync-asgi", "granian-asgi", "bare, Granian ASGI"),
    Stand("starlette, Granian ASGI", "starlette", "granian-asgi", "bare, Granian ASGI"),
    Stand("demijohn, parts, Granian WSGI", "demijohn", "granian-wsgi", "demijohn, Granian WSGI"),
    Stand(
        "demijohn async view, parts, Granian ASGI",
        "demijohn-asgi",
        "granian-asgi",
        "demijohn async view, Granian ASGI",
    ),
    Stand(
        "demijohn sync view, parts, Granian ASGI",
        "demijohn-sync-asgi",
        "granian-asgi",
        "demijohn sync view, Granian ASGI",
    ),
)


def send(port: int, megabytes: int, form: bool) -> float:
    """Upload, as it is or as a file of a form, and return seconds until the answer: the number of bytes sent."""
    start, end = (HEAD, END) if form else (b"", b"")
    path, kind = "/consume", "application/octet-stream"
    if form:
        path, kind = "/parts", f"multipart/form-data; boundary={BOUNDARY.decode()}"
    block = random.Random(7).randbytes(
        MEGABYTE
    )  # as a film is: a pattern would favour one search or the other
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(start) + megabytes * MEGABYTE + len(end)}\r\n\r\n"
        )
        begun = time.perf_counter()
        connection.sendall(head.encode() + start)
        for _ in range(megabytes):
            connection.sendall(block)
        connection.sendall(end)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        taken = time.perf_counter() - begun
    if str(megabytes * MEGABYTE).encode() not in answer:
        raise RuntimeError(f"answered {answer[:200]!r}")
    return taken


def measure(names: Sequence[str], megabytes: int, rounds: int) -> tuple[dict[str, Any], list[str]]:
    """Speed in MB/s, CPU milliseconds per 100 MB and peak memory above idle in MB, by stand."""
    problems: list[str] = []
    running: dict[str, tuple[Server, int]] = {}
    seen: dict[str, list[tuple[float, float]]] = {}
    try:
        for stand in STANDS:
            if names and stand.entrant not in names:
                continue
            server = servers.start(stand.entrant, stand.server)
            if server.wait_ready():
                running[stand.name] = (server, server.memory())
            else:
                server.close()
                problems.append(f"{stand.name}: did not answer /hello")
        for turn in range(rounds):
            for name, (server, _) in list(running.items()):
                print(f"\r  round {turn + 1}: {name:40}", end="", file=sys.stderr, flush=True)
                cpu = server.cpu_seconds()
                try:
                    taken = send(server.port, megabytes, ", parts," in name)
                except (OSError, RuntimeError) as problem:
                    problems.append(f"{name}: {problem}")
                    running.pop(name)[0].close()
                    continue
                spent = (server.cpu_seconds() - cpu) * 1000 / megabytes * 100
                seen.setdefault(name, []).append((megabytes / taken, spent))
        print(file=sys.stderr)
        figures = {
            name: {
                "mb_per_second": statistics.median(speed for speed, _ in seen[name]),
                "cpu_ms_per_100mb": statistics.median(spent for _, spent in seen[name]),
                "peak_above_idle_mb": (server.memory("VmHWM") - idle) / 1024,
            }
            for name, (server, idle) in running.items()
        }
    finally:
        for server, _ in running.values():
            server.close()
    return figures, problems


def text(figures: dict[str, Any], problems: Sequence[str], megabytes: int) -> str:
    """The table with a verdict per row, and the problems."""
    rows = []
    for stand in STANDS:
        one, bare = figures.get(stand.name), figures.get(stand.empty)
        if one is None:
            continue
        share = one["mb_per_second"] / bare["mb_per_second"] if bare else None
        verdict = ""
        if share is not None and stand.entrant.startswith("demijohn"):
            failings = []
            if share < SHARE_OF_BARE:
                failings.append(f"speed below {SHARE_OF_BARE:.0%}")
            if one["peak_above_idle_mb"] > MOST_MEMORY_MB:
                failings.append(f"over {MOST_MEMORY_MB} MB")
            verdict = ", ".join(failings) or "met"
        rows.append(
            (
                stand.name,
                f"{one['mb_per_second']:.0f}",
                "" if share is None else f"{share:.0%}",
                f"{one['cpu_ms_per_100mb']:.0f}",
                f"{one['peak_above_idle_mb']:.1f}",
                verdict,
            )
        )
    head = (
        f"upload of {megabytes} MB",
        "MB/s",
        "of bare",
        "CPU ms per 100 MB",
        "peak above idle MB",
        "verdict",
    )
    parts = ["## Streamed upload", table(head, rows) if rows else "nothing was measured"]
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)
