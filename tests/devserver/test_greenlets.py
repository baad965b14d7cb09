"""Async views under servers whose threads are greenlets: they work, or fail at once; nobody waits for ever."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time

import pytest
from tests.support.servers import free_port, stop_group

pytestmark = pytest.mark.servers

APP = """
import asyncio, time
from demijohn import Flask, current_app

app = Flask(__name__)

@app.get("/")
def hello():
    return "hello"

@app.get("/sync")
def sync_view():
    time.sleep(0.3)
    return "sync"

@app.get("/async")
async def async_view():
    await asyncio.sleep(0.3)
    return "async"

@app.get("/mixed")
def mixed():
    async def inner():
        await asyncio.sleep(0.3)
        return "mixed"
    return current_app.ensure_sync(inner)()
"""

#: A loop runs in the thread already, of which greenlets are what gevent calls threads.
INSIDE_A_LOOP = """
from gevent import monkey
monkey.patch_all()
import asyncio
import gevent
from hello import app

async def main():
    client = app.test_client()
    asked = [gevent.spawn(client.get, path) for path in ("/async", "/", "/async")]
    gevent.joinall(asked, timeout=20)
    print([None if one.value is None else (one.value.status_code, one.value.text[:5]) for one in asked])

asyncio.run(main())
"""


@pytest.fixture
def gevent_server(project):
    project.write("hello.py", APP)
    port = free_port()
    command = [
        "gunicorn",
        "--worker-class",
        "gevent",
        "--bind",
        f"127.0.0.1:{port}",
        "--graceful-timeout",
        "5",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "hello:app"],
        cwd=project.path,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process, port
    finally:
        stop_group(process)


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def until_it_answers(port: int) -> None:
    for _ in range(200):
        try:
            get(port, "/")
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("gunicorn's gevent worker did not start")


def test_async_views_work_in_gunicorns_gevent_worker_and_it_stops(gevent_server):
    process, port = gevent_server
    until_it_answers(port)
    paths = ["/async", "/mixed", "/sync", "/async", "/mixed", "/"]
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = get(port, paths[number])

    for _ in range(2):  # the loop is there by the second time
        answers.clear()
        clients = [threading.Thread(target=ask, args=(number,)) for number in range(len(paths))]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert [answers[number] for number in range(len(paths))] == [
            "async", "mixed", "sync", "async", "mixed", "hello",
        ]  # fmt: skip
    process.terminate()
    assert process.wait(15) == 0


def test_a_loop_that_cannot_start_is_an_error_at_once(project):
    project.write("hello.py", APP)
    project.write("inside.py", INSIDE_A_LOOP)
    done = subprocess.run(
        [sys.executable, "inside.py"],
        cwd=project.path,
        env={
            **project.environment(),
            "PYTHONPATH": os.pathsep.join([project.environment()["PYTHONPATH"], "."]),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[(500, '<!doc'), (200, 'hello'), (500, '<!doc')]"
    assert "Async views and greenlets do not go together" in done.stderr
