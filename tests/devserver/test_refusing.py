"""After SIGTERM a new connection is refused at once, while what was begun is answered whole."""

from __future__ import annotations

import signal
import socket
import threading
import time

import pytest

pytestmark = pytest.mark.servers

APP = """
import time
from demijohn import Flask

app = Flask(__name__)

@app.get("/")
def hello():
    return "hello"

@app.get("/slow")
def slow():
    print("slow begins", flush=True)
    time.sleep(2)
    return "slow"

if __name__ == "__main__":
    app.run(port=0)
"""


def outcome_of_a_connection(port: int) -> str:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            answer = client.makefile("rb").read()
    except ConnectionError as error:
        return type(error).__name__
    except TimeoutError:
        return "heard nothing"
    return "answered" if answer.endswith(b"hello") else repr(answer)


def check_that_it_refuses_while_it_drains(server) -> None:
    port = server.port
    answers: list[tuple[int, str]] = []
    client = threading.Thread(target=lambda: answers.append(server.get("/slow")))
    client.start()
    server.until_printed("slow begins")
    server.process.send_signal(signal.SIGTERM)
    end = time.monotonic() + 1.5
    outcomes = []
    while time.monotonic() < end:
        outcomes.append(outcome_of_a_connection(port))
        time.sleep(0.05)
    # Those that came before it had heard of the signal are answered, or see an error at once.
    assert set(outcomes[-10:]) == {"ConnectionRefusedError"}
    assert set(outcomes) <= {"answered", "ConnectionRefusedError", "ConnectionResetError"}
    client.join()
    assert answers == [(200, "slow")]
    assert server.wait() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("interface", ["wsgi", "asgi", "rsgi"])
def test_under_a_supervisor(project, run, interface, workers):
    project.write("hello.py", APP)
    check_that_it_refuses_while_it_drains(run("--interface", interface, "--workers", workers))


def test_under_the_reloader(project, run):
    project.write("hello.py", APP.replace("time.sleep(2)", "time.sleep(1.8)"))
    check_that_it_refuses_while_it_drains(run("--reload"))


def test_in_the_process_that_asked(project, start):
    project.write("hello.py", APP)
    check_that_it_refuses_while_it_drains(start("hello.py"))
