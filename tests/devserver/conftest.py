"""A project in a temporary directory and servers started from it, each ended with its test."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "src"

#: How long anything may take before the test fails; a loaded machine is slow, a hang is longer.
PATIENCE = 40.0


class Project:
    """A directory that is the current one of the servers started in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, source: str) -> Path:
        """Write a file and say where it is."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
        return file

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "DEMIJOHN_", "WERKZEUG_"))}
        return {
            **kept,
            "PYTHONPATH": str(SOURCES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            **more,
        }


class Server:
    """A server in processes of its own, and what it has printed so far."""

    def __init__(self, command: list[str], project: Project, **environment: str) -> None:
        self.output = ""
        self.process = subprocess.Popen(
            command,
            cwd=project.path,
            env=project.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.output += line

    def until(self, condition: Callable[[], object], what: str) -> object:
        """Wait for something to become true, and give it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if found := condition():
                    return found
            except ConnectionError:
                # A worker that was just told to go may have taken the connection: who asks for a page asks again.
                pass
            time.sleep(0.05)
        pytest.fail(f"waited in vain for {what}; the server printed:\n{self.output}")

    def until_printed(self, pattern: str, times: int = 1) -> str:
        """Wait until the output holds the pattern so many times; the last one's first group."""
        found = self.until(
            lambda: len(re.findall(pattern, self.output)) >= times and re.findall(pattern, self.output),
            pattern,
        )
        return found[-1]

    @property
    def port(self) -> int:
        """The port, once the server says that it runs."""
        return int(self.until_printed(r"Running on \w+://127\.0\.0\.1:(\d+)"))

    def get(self, path: str = "/", *, host: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
        """Status and body of a GET."""
        connection = http.client.HTTPConnection(host, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait(self) -> int:
        """The exit code, once it has ended and its output is read."""
        code = self.process.wait(PATIENCE)
        # A worker that is left holds the pipe; then the output has no end, and this says so.
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "a process of the server is left behind"
        return code

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the first process and wait for the end."""
        self.process.send_signal(number)
        return self.wait()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def start(project: Project) -> Iterator[Callable[..., Server]]:
    """A function that starts ``python <arguments>`` in the project."""
    servers: list[Server] = []

    def start(*arguments: str, **environment: str) -> Server:
        servers.append(Server([sys.executable, *arguments], project, **environment))
        return servers[-1]

    yield start
    for server in servers:
        try:
            os.killpg(server.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        server.process.wait()
        server.process.stdout.close()


@pytest.fixture
def run(start: Callable[..., Server]) -> Callable[..., Server]:
    """A function that starts ``demijohn --app hello run --port 0 <arguments>``."""

    def run(*arguments: str, app: str = "hello", **environment: str) -> Server:
        port = () if "--port" in arguments or "--uds" in arguments else ("--port", "0")
        return start("-m", "demijohn", "--app", app, "run", *port, *arguments, **environment)

    return run


HELLO = """
import os, threading, time
from demijohn import Flask

app = Flask(__name__)

@app.route("/")
def hello():
    return "hello"

@app.route("/pid")
def pid():
    return str(os.getpid())

@app.route("/slow")
def slow():
    print("slow begins", flush=True)
    time.sleep(1.5)
    return "slow"

@app.route("/endless")
def endless():
    print("endless begins", flush=True)
    while True:
        time.sleep(0.05)

@app.teardown_request
def teardown(error):
    print("teardown", type(error).__name__, flush=True)
"""

ASYNC = """
import asyncio, os
from demijohn import Flask

app = Flask(__name__)

@app.before_serving
async def open():
    print("opened", flush=True)

@app.after_serving
async def close():
    print("closed", flush=True)

@app.route("/")
async def hello():
    return "hello"

@app.route("/pid")
async def pid():
    return str(os.getpid())

@app.route("/slow")
async def slow():
    print("slow begins", flush=True)
    await asyncio.sleep(1.5)
    return "slow"

@app.route("/endless")
async def endless():
    print("endless begins", flush=True)
    await asyncio.sleep(1000)

@app.teardown_request
async def teardown(error):
    print("teardown", type(error).__name__, flush=True)
"""


@pytest.fixture(params=["sync", "async"])
def app(request: pytest.FixtureRequest, project: Project) -> str:
    """The module ``hello`` with an application that is all sync, then one that is all async."""
    project.write("hello.py", HELLO if request.param == "sync" else ASYNC)
    return request.param


@pytest.fixture
def hello(project: Project) -> Path:
    """The module ``hello`` with a sync application."""
    return project.write("hello.py", HELLO)
