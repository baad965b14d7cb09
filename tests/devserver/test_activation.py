"""A socket that systemd listens on and hands over, as sd_listen_fds(3) has it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.servers, pytest.mark.slow]

# What systemd does between fork and exec.
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[2]}
os.execv(sys.executable, [sys.executable, "-m", "demijohn", "--app", "hello", "run", *sys.argv[3:]])
"""


@pytest.fixture(params=["tcp", "unix"])
def listener(request, tmp_path):
    sock = socket.socket(socket.AF_INET if request.param == "tcp" else socket.AF_UNIX)
    with sock:
        sock.bind(("127.0.0.1", 0) if request.param == "tcp" else str(tmp_path / "shop.sock"))
        sock.listen()
        yield sock


@pytest.fixture
def launch(project, hello):
    started = []

    def launch(sock, *options, number="1"):
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(sock.fileno()), number, *options],
                cwd=project.path, env=project.environment(), pass_fds=[sock.fileno()],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )
        )  # fmt: skip
        return started[-1]

    yield launch
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ask(sock):
    """A client that has sent a request and waits for its answer."""
    client = socket.socket(sock.family)
    client.settimeout(60)
    client.connect(sock.getsockname())
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return client


def answer(client):
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_comes_between_two_servers_waits_for_the_next(listener, launch, workers):
    early = ask(listener)
    server = launch(listener, "--workers", workers)
    assert answer(early).startswith(b"HTTP/1.1 200")
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
    between = ask(listener)
    launch(listener, "--workers", workers)
    assert answer(between).startswith(b"HTTP/1.1 200")


def test_several_sockets_are_refused(listener, launch):
    server = launch(listener, number="2")
    assert server.wait(60) != 0
    assert "One socket is served, and 2 are handed over" in server.stdout.read()


def test_debug_mode_is_held_to_the_address_that_it_has(launch):
    with socket.socket() as sock:
        sock.bind(("0.0.0.0", 0))
        sock.listen()
        server = launch(sock, "--debug")
        assert server.wait(60) != 0
        assert "Debug mode is refused on '0.0.0.0'" in server.stdout.read()
