"""Start a real server on loopback for a test, and be sure that it is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"

SERVERS = (
    "demijohn-wsgi",
    "granian-wsgi",
    "granian-asgi",
    "granian-rsgi",
    "gunicorn",
    "uvicorn",
    "hypercorn",
)
"""Every set-up `serve` knows: `demijohn run` by WSGI, which has a gateway of its own, and servers as they are.
Gunicorn runs with threads (gthread)."""

ASGI_SERVERS = ("granian-asgi", "uvicorn", "hypercorn")


@dataclass
class Server:
    """A running server: where it listens, what it wrote so far, and its process."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log_path: Path
    host: str = HOST
    options: dict[str, object] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    @property
    def kind(self) -> str:
        """The interface the application is called through: wsgi, asgi or rsgi."""
        if self.name == "gunicorn":
            return "wsgi"
        return self.name.partition("-")[2] or "asgi"

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def wait_for_log(self, text: str, seconds: float = 5) -> bool:
        """Wait until the server or the application wrote `text`; tell whether it did."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.log:
                return True
            time.sleep(0.02)
        return text in self.log


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def command(server: str, app: str, port: int, **options: object) -> list[str]:
    """The command line that serves `app` ("module:name") with `server`; options become `--name value`."""
    extra = []
    for name, value in options.items():
        extra += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
    python = [sys.executable, "-m"]
    family, _, interface = server.partition("-")
    if family == "demijohn":
        serving = ["--app", app, "run", "--host", HOST, "--port", str(port), "--threads", "8"]
        return [*python, "demijohn", *serving, "--interface", interface, *extra]
    if family == "granian":
        threads = ["--blocking-threads", "8"] if interface == "wsgi" else []
        bind = ["--host", HOST, "--port", str(port), "--workers", "1"]
        return [*python, "granian", "--interface", interface, *bind, *threads, *extra, app]
    if family == "gunicorn":
        bind = ["--bind", f"{HOST}:{port}", "--workers", "1", "--worker-class", "gthread", "--threads", "8"]
        return [*python, "gunicorn", *bind, "--graceful-timeout", "3", *extra, app]
    if family == "uvicorn":
        return [*python, "uvicorn", "--host", HOST, "--port", str(port), *extra, app]
    if family == "hypercorn":
        return [*python, "hypercorn", "--bind", f"{HOST}:{port}", "--workers", "0", *extra, f"asgi:{app}"]
    raise ValueError(f"unknown server {server!r}: choose one of {', '.join(SERVERS)}")


@contextlib.contextmanager
def serve(
    app: str, server: str, *, env: dict[str, str] | None = None, ready: str = "/", **options: object
) -> Iterator[Server]:
    """Serve `app` with `server` in a process group of its own until the block ends.

    Waits until a request to `ready` is answered, whatever the status. `env` is added to the environment.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="serve-") as folder:
        log_path = Path(folder) / "server.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                command(server, app, port, **options),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env=_environment(env or {}),
                start_new_session=True,
            )
        running = Server(server, port, process, log_path, options=dict(options))
        try:
            wait_until_ready(running, ready)
            yield running
        finally:
            stop_group(process)


def _environment(extra: dict[str, str]) -> dict[str, str]:
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    own = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **own, **extra}


def wait_until_ready(server: Server, path: str, seconds: float = 30) -> None:
    """Wait for the first answer. Raises `RuntimeError` with the log if there is none."""
    deadline = time.monotonic() + seconds
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{server.port}\r\nConnection: close\r\n\r\n".encode()
    while time.monotonic() < deadline:
        if not server.is_alive():
            raise RuntimeError(f"{server.name} ended with code {server.process.returncode}:\n{server.log}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, server.port), timeout=5) as peer:
            peer.sendall(request)
            if peer.recv(12).startswith(b"HTTP/1."):
                return
        time.sleep(0.05)
    raise RuntimeError(f"{server.name} did not answer within {seconds:g} s:\n{server.log}")


def stop_group(process: subprocess.Popen[bytes], seconds: float = 5) -> None:
    """End the whole process group: politely, then for certain."""
    for sign, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, seconds)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    # A worker that outlived its supervisor still belongs to the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
