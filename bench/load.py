"""Load on a server: wrk where it is on PATH, else a small client of our own, and what they saw."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """Requests a second, median and 99th percentile latency in milliseconds, requests done, and how
    many were answered with an error or not at all."""

    rate: float
    p50: float
    p99: float
    requests: int
    errors: int


def generator() -> str:
    """What will make the load."""
    return "wrk" if shutil.which("wrk") else "own client"


def apply(
    port: int, path: str, connections: int, seconds: float, headers: Mapping[str, str] = MappingProxyType({})
) -> Load:
    """Load one URL with this many keep-alive connections for this long."""
    if shutil.which("wrk"):
        return _wrk(port, path, connections, seconds, headers)
    return asyncio.run(_own(port, path, connections, seconds, headers))


def _wrk(port: int, path: str, connections: int, seconds: float, headers: Mapping[str, str]) -> Load:
    fields = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", *fields]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    )
    text = done.stdout

    def number(pattern: str) -> float:
        found = re.search(pattern, text)
        return float(found.group(1)) if found else 0.0

    def milliseconds(percent: int) -> float:
        found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)\b", text)
        return float(found.group(1)) * _UNITS[found.group(2)] if found else 0.0

    errors = number(r"Non-2xx or 3xx responses: (\d+)")
    for kind in ("connect", "read", "write", "timeout"):
        errors += number(rf"{kind} (\d+)")
    return Load(
        number(r"Requests/sec:\s+([\d.]+)"),
        milliseconds(50),
        milliseconds(99),
        int(number(r"(\d+) requests in")),
        int(errors),
    )


async def _own(port: int, path: str, connections: int, seconds: float, headers: Mapping[str, str]) -> Load:
    latencies: list[float] = []
    errors = 0
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode()
    begun = time.perf_counter()

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - begun < seconds:
            sent = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length.group(1)) if length else 0)
            latencies.append(time.perf_counter() - sent)
            errors += not head.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3"))
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    taken = time.perf_counter() - begun
    latencies.sort()
    count = len(latencies)
    p50, p99 = (latencies[min(count - 1, int(count * part))] * 1000 for part in (0.5, 0.99))
    return Load(count / taken, p50, p99, count, errors)
