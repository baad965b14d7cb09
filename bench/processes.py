"""Servers as child processes: started, awaited, weighed and ended with all they started.

Memory and CPU time are read from /proc, so on a system without it they are reported as zero.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.environment import ROOT, child_environ


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process in its own process group, listening on `port`."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], port: int) -> None:
        self.port = port
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**child_environ(), **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_ready(self, path: str = "/hello", seconds: float = 20.0) -> bool:
        """Whether `path` is answered with 200 within this time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                    if connection.recv(64).startswith(b"HTTP/1.1 200"):
                        return True
            except OSError:
                pass
            time.sleep(0.1)
        return False

    def family(self) -> list[int]:
        """The process and its descendants."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
        found, pending = [], [self.process.pid]
        while pending:
            pid = pending.pop()
            found.append(pid)
            pending += children.get(pid, [])
        return found

    def memory(self, field: str = "VmRSS") -> int:
        """Kilobytes of resident memory of the largest process of the family, which is the worker;
        `VmHWM` gives its peak."""
        largest = 0
        for pid in self.family():
            try:
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith(field + ":"):
                        largest = max(largest, int(line.split()[1]))
            except OSError:
                continue
        return largest

    def cpu_seconds(self) -> float:
        """CPU time the family has used, user and system."""
        ticks = 0
        for pid in self.family():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the whole group, politely and then not."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, how)
            except ProcessLookupError:
                break
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
