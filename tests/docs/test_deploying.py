"""The commands of docs/deploying.md serve the example, on real ports."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deploying.md").read_text()
COMMANDS = re.findall(
    r"^\$ ((?:demijohn|gunicorn|uvicorn|hypercorn|granian) .*\b8000\b.*)$", PAGE, re.MULTILINE
)


def test_the_page_shows_every_server():
    assert {command.split()[0] for command in COMMANDS} == {
        "demijohn",
        "gunicorn",
        "uvicorn",
        "hypercorn",
        "granian",
    }


@pytest.mark.servers
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[0])
def test_a_command_of_the_page_serves_and_stops(command, free_port):
    words = shlex.split(command.replace("8000", str(free_port)))
    words[0] = str(Path(sys.executable).with_name(words[0]))
    process = subprocess.Popen(
        words,
        cwd=ROOT / "docs" / "examples" / "deploying",
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert answer(f"http://127.0.0.1:{free_port}/", process) == "Hello, World!"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert group_is_gone(process.pid), "a child of the server outlived it"
    finally:
        if not group_is_gone(process.pid, patience=0):
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def group_is_gone(group: int, patience: float = 5) -> bool:
    """Whether the process group is empty, at the latest `patience` seconds from now."""
    end = time.monotonic() + patience
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.05)


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(address: str, process: subprocess.Popen[str]) -> str:
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}:\n{process.communicate()[0]}")
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail("the server did not answer within half a minute")


def test_the_settings_of_the_page_hold(load_example):
    client = load_example("deploying/settings").app.test_client()
    assert client.post("/", data=b"12345", base_url="https://cellar.example").json == {"bytes": 5}
    assert client.post("/", data=b"x", base_url="https://other.example").status_code == 400
    assert client.post("/", data=b"x" * 4_000_001, base_url="https://cellar.example").status_code == 413


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        (1, {"you": "203.0.113.7", "here": "https://a.example/"}),
        (None, {"you": "127.0.0.1", "here": "http://localhost/"}),
    ],
)
def test_forwarded_headers_count_with_the_setting_only(load_example, protocol, proxies, seen):
    app = load_example("deploying/proxied").app
    assert app.config["TRUSTED_PROXIES"] == 1
    app.config["TRUSTED_PROXIES"] = proxies
    sent = {
        "X-Forwarded-For": "192.0.2.1, 203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "a.example",
    }
    assert app.test_client(protocol=protocol).get("/", headers=sent).json == seen
