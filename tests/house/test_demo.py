"""The steps of ./demo, and the command itself on a real port."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import demo


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((demo.HOST, 0))
        return probe.getsockname()[1]


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path):
    folder = tmp_path / "instance"
    demo.make_secret_key(folder)
    first = (folder / "secret_key").read_text()
    demo.make_secret_key(folder)
    assert (folder / "secret_key").read_text() == first
    assert len(first) == 64
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600


def test_a_port_in_use_is_said_to_be_in_use():
    with socket.socket() as taken:
        taken.bind((demo.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port} is not free"):
            demo.choose_port(port)


def test_the_environment_names_the_port(monkeypatch):
    monkeypatch.setenv("PORT", "8123")
    assert demo.parse([]).port == 8123
    assert demo.parse(["--port", "9000"]).port == 9000


@pytest.mark.servers
def test_the_demo_serves_the_cellar_and_leaves_nothing_behind(root, tmp_path):
    port = free_port()
    env = {**os.environ, "CELLAR_DATA_FOLDER": str(tmp_path)}
    process = subprocess.Popen(
        [str(root / "demo"), "--port", str(port)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        page = wait_for(f"http://{demo.HOST}:{port}/", process)
        assert "cellar" in page.lower()
    finally:
        # What Ctrl-C does: SIGINT to the whole foreground group.
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert f"http://{demo.HOST}:{port}/" in output
    assert demo.is_free(port)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def wait_for(address: str, process: subprocess.Popen[str]) -> str:
    """The page at `address`, once the server is up; fails with its output when it ends before."""
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"./demo ended with {process.returncode}:\n{process.communicate()[0]}")
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    pytest.fail("the demo did not answer within a minute")
