"""Whoever is slow holds up only those who need a thread of the views, through the real server."""

from __future__ import annotations

import http.client
import threading

import pytest

pytestmark = pytest.mark.servers

APP = """
import os, time
from demijohn import Flask

app = Flask(__name__)

@app.before_request
def before():
    pass

@app.teardown_appcontext
def after(error):
    pass

@app.get("/slow")
def slow():
    print("slow begins", flush=True)
    while not os.path.exists("released"):
        time.sleep(0.05)
    return "slow"

@app.get("/async")
async def async_view():
    return "async"

@app.get("/healthz", blocking=False)
def healthz():
    return "well"
"""


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_async_views_and_health_checks_answer_while_every_thread_is_in_a_slow_view(project, run, interface):
    project.write("hello.py", APP)
    server = run("--interface", interface, "--threads", "4")
    slow: list[tuple[int, str]] = []
    clients = [threading.Thread(target=lambda: slow.append(server.get("/slow"))) for _ in range(24)]
    for client in clients:
        client.start()
    server.until_printed("slow begins", times=4)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        answers = []
        for _ in range(50):
            for path in ("/async", "/healthz"):
                connection.request("GET", path)
                answers.append(connection.getresponse().read())
        assert answers == [b"async", b"well"] * 50
        connection.close()
        assert slow == []
    finally:
        project.write("released", "")
    for client in clients:
        client.join()
    assert slow == [(200, "slow")] * 24
