"""The steps of ./demo, and the command itself on a real port."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import demo
import environment


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


def test_a_cellar_on_postgresql_and_redis_gets_their_drivers(monkeypatch):
    needed = ["migrations", "forms", "i18n", "ratelimit", "realtime", "tasks", "brotli", "server"]
    monkeypatch.setenv("CELLAR_DATABASE_URL", "postgresql://cellar@db.example/wine")
    monkeypatch.setenv("CELLAR_REDIS_URL", "redis://cache.example")
    assert demo.extras() == [*needed, "postgres", "redis"]
    monkeypatch.delenv("CELLAR_DATABASE_URL")
    monkeypatch.delenv("CELLAR_REDIS_URL")
    assert demo.extras() == needed


def test_an_environment_with_more_in_it_is_enough():
    has = environment._fingerprint(["server", "migrations", "redis"], ["check"])
    assert environment._covers(has, environment._fingerprint(["migrations", "server"], []))
    assert not environment._covers(has, environment._fingerprint(["migrations", "argon2"], []))
    assert not environment._covers(["another project", *has[1:]], has)
    assert not environment._covers([], has)


@pytest.fixture(scope="module")
def copy(repository_files, root, tmp_path_factory):
    """A fresh copy of the repository: what git knows, and an environment with what is installed here."""
    folder = tmp_path_factory.mktemp("copy").resolve()
    for file in repository_files:
        target = folder / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    [packages] = venv.glob("lib/python*/site-packages")
    (packages / "here.pth").write_text(f"{folder / 'src'}\n{sysconfig.get_path('purelib')}\n")
    ask = (
        "import sys; sys.path.insert(0, 'tools'); import demo, environment;"
        " print(*environment._fingerprint(demo.extras(), []))"
    )
    told = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=own_settings(),
    )
    (venv / ".stamp-demo").write_text(told.stdout)
    return folder


def own_settings():
    """The environment without settings of a cellar, of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CELLAR_", "PYTHON"))}


@contextmanager
def started(folder, output):
    """`./demo` on a port of its own; gives the process and the address it prints."""
    for attempt in range(3):
        port = free_port()
        with output.open("w") as file:
            process = subprocess.Popen(
                [str(folder / "demo"), "--port", str(port)],
                cwd="/",
                env=own_settings(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            address = f"http://{demo.HOST}:{port}/"
            if wait_until(lambda: process.poll() is not None or answers(f"{address}healthz"), 90):
                if process.poll() is None:
                    yield process, address
                    return
                # Somebody else was given the same port in the meantime.
                if attempt < 2 and "free" in output.read_text():
                    continue
            pytest.fail(f"./demo did not answer ({process.poll()}):\n{output.read_text()}")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(happened, seconds):
    """Whether it happened in so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.05)
    return bool(happened())


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def assert_static_files_are_kept_and_small(address):
    with urllib.request.urlopen(address, timeout=30) as page:
        sheet = re.search(r'href="/(static/cellar\.[0-9a-f]{12}\.css)"', page.read().decode())[1]
    asked = urllib.request.Request(f"{address}{sheet}", headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(asked, timeout=30) as response:
        assert response.headers["Content-Encoding"] == "br"
        assert "immutable" in response.headers["Cache-Control"]


def living(group):
    """The processes of a group that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name in brackets: state, parent, group (proc_pid_stat(5)).
            state, _, pgrp = file.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                found.append(int(file.parent.name))
    return found


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_fresh_copy_starts_twice_and_leaves_nothing_behind(copy, tmp_path):
    """First ended by SIGTERM, as a service manager does; then by Ctrl-C, which is SIGINT to the whole group."""
    ways = [lambda process: process.terminate(), lambda process: os.killpg(process.pid, signal.SIGINT)]
    for end in ways:
        output = tmp_path / "output"
        with started(copy, output) as (process, address):
            with urllib.request.urlopen(f"{address}api/bottles", timeout=30) as response:
                assert json.load(response)["total"] == 34
            assert_static_files_are_kept_and_small(address)
            end(process)
            assert wait_until(lambda: process.poll() is not None, 60)
            assert wait_until(lambda: living(process.pid) == [], 30), living(process.pid)
            assert address in output.read_text()
            assert "Traceback" not in output.read_text()
    assert (copy / "examples/cellar/instance/cellar.db").is_file()


@pytest.mark.servers
def test_a_demo_that_is_stopped_while_it_prepares_leaves_nothing_behind(copy, tmp_path):
    """Something else migrates, so `set-up` waits: that is when the signal comes."""
    output = tmp_path / "output"
    folder = os.open(copy / "examples/cellar/migrations", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        with output.open("w") as file:
            process = subprocess.Popen(
                [str(copy / "demo"), "--port", str(free_port())],
                env={**own_settings(), "CELLAR_DATA_FOLDER": str(tmp_path)},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert wait_until(lambda: "Waiting for another process" in output.read_text(), 60), output.read_text()
        process.terminate()
        assert wait_until(lambda: process.poll() is not None, 60)
        assert wait_until(lambda: living(process.pid) == [], 30)
    finally:
        os.close(folder)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == 128 + signal.SIGTERM
