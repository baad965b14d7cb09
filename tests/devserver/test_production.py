"""``demijohn run`` in production: its settings, its end, workers that grow, and who asks after it."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from demijohn.devserver.machine import resident_size, usable_cores
from demijohn.devserver.options import ServeError, ServeOptions

pytestmark = pytest.mark.servers

APP = """
    import os, time
    from demijohn import Flask

    app = Flask(__name__)
    kept = []


    @app.get("/")
    def index():
        return str(os.getpid())


    @app.get("/slow")
    def slow():
        time.sleep(float(os.environ.get("SLOW", "1")))
        return "slow"


    @app.get("/grow")
    def grow():
        kept.append(bytearray(b"x") * 100_000_000)
        return str(os.getpid())
"""


def ask(server, path):
    """Status and body, on a connection of its own."""
    return server.get(path)


@pytest.fixture
def shop(project):
    project.write("hello.py", APP)


def test_prod_tells_what_is_not_fit_and_takes_port_and_workers_of_the_platform(shop, start):
    server = start("-m", "demijohn", "--app", "hello", "run", "--prod", PORT="0", WEB_CONCURRENCY="2")
    assert server.port not in (0, 5000)
    server.until_printed(r"check: warning: (secret-key)")
    server.until_printed(r"; (2 workers)")
    assert server.output.count("check: warning: secret-key") == 1


def test_prod_refuses_debug_mode(shop, run):
    server = run("--prod", DEMIJOHN_DEBUG="1")
    assert server.wait() == 1
    assert "--prod is for production" in server.output


def test_the_access_log_of_prod_is_on_and_has_no_line_for_health(shop, run):
    server = run("--prod", "--workers", "1")
    ask(server, "/healthz")
    ask(server, "/")
    server.until_printed(r'"GET / HTTP/1.1" (200)')
    assert "healthz" not in server.output


def test_while_every_thread_is_busy_it_says_that_it_lives(shop, run):
    server = run("--threads", "1", SLOW="9")
    slow = [threading.Thread(target=ask, args=(server, "/slow")) for _ in range(2)]
    for thread in slow:
        thread.start()
    time.sleep(1)
    assert ask(server, "/healthz")[0] == 200
    assert ask(server, "/readyz")[0] == 200
    assert all(thread.is_alive() for thread in slow)
    for thread in slow:
        thread.join()


def test_after_sigterm_it_is_not_ready_and_still_serves_for_so_long(shop, run):
    server = run("--drain", "4")
    assert ask(server, "/readyz")[0] == 200
    server.process.send_signal(signal.SIGTERM)
    server.until_printed("Not ready any (more)")
    time.sleep(0.3)
    assert json.loads(ask(server, "/readyz")[1])["status"] == "stopping"
    assert ask(server, "/healthz")[0] == 200
    began = time.monotonic()
    assert ask(server, "/slow") == (200, "slow")
    assert server.wait() == 0
    assert time.monotonic() - began > 1.5


def test_control_c_does_not_wait(shop, run):
    server = run("--drain", "30")
    ask(server, "/")
    began = time.monotonic()
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.wait() == 0
    assert time.monotonic() - began < 15


def test_a_worker_that_grew_is_replaced_without_a_failed_request(shop, run):
    server = run("--max-rss", "200")
    first = ask(server, "/")[1]
    failed = []
    done = threading.Event()

    def visit():
        while not done.is_set():
            try:
                if ask(server, "/")[0] != 200:
                    failed.append("status")
            except OSError as error:
                failed.append(error)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        time.sleep(2.5)  # it was looked at while it was small
        ask(server, "/grow")
        ask(server, "/grow")
        server.until_printed("(replacing) it")
        server.until(lambda: ask(server, "/")[1] != first, "another worker")
        time.sleep(1)
    finally:
        done.set()
        visitor.join()
    assert failed == []


@pytest.mark.parametrize("options", [{"drain": -1}, {"max_rss": 0}, {"prod": True, "reload": True}])
def test_what_cannot_be_is_refused(options):
    with pytest.raises(ServeError):
        ServeOptions(**options).check()


def group(tmp_path: Path, quota: str, inner: str = "max 100000") -> tuple[Path, Path]:
    (tmp_path / "fs/a/b").mkdir(parents=True)
    (tmp_path / "fs/a/cpu.max").write_text(quota)
    (tmp_path / "fs/a/b/cpu.max").write_text(inner)
    (tmp_path / "own").write_text("0::/a/b\n")
    return tmp_path / "fs", tmp_path / "own"


@pytest.mark.parametrize(
    ("quota", "cores"), [("100000 100000", 1), ("50000 100000", 1), ("150000 100000", 1)]
)
def test_no_more_cores_are_used_than_the_control_group_may(tmp_path, quota, cores):
    assert usable_cores(*group(tmp_path, quota)) == cores


def test_without_a_quota_it_is_those_that_the_process_may_run_on(tmp_path):
    assert usable_cores(*group(tmp_path, "max 100000")) == len(os.sched_getaffinity(0))
    assert usable_cores(tmp_path / "none", tmp_path / "none") == len(os.sched_getaffinity(0))


def test_the_size_of_a_process_is_told_and_that_of_none_is_0():
    assert resident_size(os.getpid()) > 1_000_000
    assert resident_size(2**22 + 1) == 0
