"""Brokers and workers as processes of their own, for tests that kill them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.servers import ROOT, stop_group
from tests.support.services import ServiceMissing

HERE = Path(__file__).parent


def eventually(found: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until something is true, and give it; what it is at last, where it never is."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.05)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RabbitMQ:
    """A RabbitMQ of Debian's package, with a folder and a port mapper of its own."""

    def __init__(self) -> None:
        self.binary = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        if not self.binary.is_file():
            raise ServiceMissing("RabbitMQ was not found: install rabbitmq-server.")
        self._stack = contextlib.ExitStack()
        self.port = _port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="rabbit-", ignore_cleanup_errors=True)
        )
        mapper = _port()
        environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "HOME": folder, "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(mapper), "RABBITMQ_NODENAME": "test@localhost",
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(_port()), "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log", "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins", "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }  # fmt: skip
        epmd = ["epmd", "-port", str(mapper), "-address", "127.0.0.1"]
        log = self._stack.enter_context(open(f"{folder}/out", "wb"))
        for command in (epmd, [str(self.binary)]):
            process = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            self._stack.callback(stop_group, process)
        if not eventually(self._answers, 120):
            raise RuntimeError(
                f"RabbitMQ did not start within two minutes:\n{Path(folder, 'out').read_text()}"
            )

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as peer:
            peer.sendall(b"AMQP\x00\x00\x09\x01")
            return peer.recv(1) != b""
        return False

    def stop(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield int(listening.getsockname()[1])


@dataclass
class Shop:
    """The application of `shop.py` with its workers."""

    folder: Path
    settings: dict[str, Any]
    stack: contextlib.ExitStack
    module: str = "shop"
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def notes(self) -> Path:
        return self.folder / "notes"

    def noted(self, word: str) -> list[str]:
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line.partition(" ")[2] for line in lines if line.split(" ")[0] == word]

    @property
    def environment(self) -> dict[str, str]:
        paths = [str(ROOT / "src"), str(HERE), os.environ.get("PYTHONPATH", "")]
        return {
            **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1",
            "SHOP_SETTINGS": json.dumps(self.settings), "SHOP_NOTES": str(self.notes),
        }  # fmt: skip

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "demijohn", "--app", self.module, "tasks", *words]

    def start(self, *words: str, ready: str = " is ready:") -> subprocess.Popen[bytes]:
        """A worker, or another command that stays, once its log says that it is ready."""
        log = self.folder / f"{len(self.workers)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                self.command(*(words or ("worker", "--concurrency", "2"))), env=self.environment, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.workers.append(process)
        self.stack.callback(stop_group, process)
        if ready and not eventually(lambda: ready in log.read_text() or process.poll() is not None, 40):
            raise RuntimeError(f"It did not start:\n{log.read_text()}")
        return process

    def log(self, number: int = 0) -> str:
        return (self.folder / f"{number}.log").read_text()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a worker and its processes, as a machine that goes down does."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def run(self, *words: str, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env=self.environment, cwd=self.folder, capture_output=True, text=True,
            timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip
