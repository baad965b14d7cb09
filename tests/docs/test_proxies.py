"""nginx and Caddy, set up as docs/deploying.md says, in front of a server on a Unix socket."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from tests.support.servers import ROOT, free_port
from websockets.sync.client import connect

pytestmark = [pytest.mark.soak, pytest.mark.servers]

EXAMPLES = ROOT / "docs" / "examples" / "deploying"
APP = """
import asyncio
from demijohn import Flask, event_stream, request, websocket

app = Flask(__name__)
app.config["TRUSTED_PROXIES"] = 1

@app.get("/who")
def who():
    return {"host": request.host, "address": request.remote_addr, "scheme": request.scheme}

@app.post("/upload", max_content_length=10**9)
def upload():
    return {"size": len(request.files["film"].read())}

@app.get("/events")
async def events():
    async def parts():
        for number in range(3):
            yield str(number)
            await asyncio.sleep(0.5)
    return event_stream(parts())

@app.websocket("/ws")
async def ws():
    while True:
        await websocket.send(await websocket.receive())
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The application on a Unix socket, and its static files as the command writes them."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "hello.py").write_text(APP)
    (folder / "static").mkdir()
    (folder / "static" / "shop.css").write_text("body { color: red }")
    command = [sys.executable, "-m", "demijohn", "--app", "hello"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [*command, "static", "build", "--out", "static-build"], cwd=folder, env=environment, check=True
    )
    server = subprocess.Popen(
        [*command, "run", "--uds", str(folder / "cellar.sock")],
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    wait_for((folder / "cellar.sock").exists)
    yield folder
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(60)


def wait_for(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("waited in vain")


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request, served, tmp_path_factory):
    """The address of a proxy with the page's settings, in which only places are others."""
    folder, port = tmp_path_factory.mktemp(request.param), free_port()
    name = "nginx.conf" if request.param == "nginx" else "Caddyfile"
    text = (EXAMPLES / name).read_text().replace("/run/cellar.sock", str(served / "cellar.sock"))
    text = text.replace("/srv/cellar/static-build", str(served / "static-build"))
    program = shutil.which(request.param, path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, f"apt-get install {'nginx-light' if request.param == 'nginx' else 'caddy'}"
    if request.param == "nginx":
        text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        text = f"daemon off; user root; pid {folder}/pid; error_log {folder}/log;\nevents {{}}\nhttp {{\n{text}\n}}\n"
        command = [program, "-p", str(folder), "-e", str(folder / "log"), "-c", str(folder / name)]
        check = [*command, "-t"]
    else:
        text = text.replace("cellar.example {", f"http://127.0.0.1:{port}, http://cellar.example:{port} {{")
        text = "{\n\tadmin off\n}\n" + text
        command = [program, "run", "--adapter", "caddyfile", "--config", str(folder / name)]
        check = [program, "validate", *command[2:]]
    (folder / name).write_text(text)
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(check, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def answers():
        try:
            return get(f"http://127.0.0.1:{port}", "/who")
        except OSError:
            return False

    wait_for(answers)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


def get(proxy, path, **header):
    asked = urllib.request.Request(proxy + path, headers={"Host": "cellar.example", **header})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read()


def test_the_application_knows_the_visitor(proxy):
    assert json.loads(get(proxy, "/who")) == {
        "host": "cellar.example",
        "address": "127.0.0.1",
        "scheme": "http",
    }


def test_who_makes_an_address_up_is_not_believed(proxy):
    told = json.loads(get(proxy, "/who", **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}))
    assert (told["address"], told["scheme"]) == ("127.0.0.1", "http")


def test_static_files_are_the_proxys(proxy, served):
    file = next((served / "static-build").rglob("shop.*.css"))
    path = file.relative_to(served / "static-build").as_posix()
    assert get(proxy, f"/{path}") == b"body { color: red }"


def test_events_come_as_they_are_sent(proxy):
    asked = urllib.request.Request(f"{proxy}/events", headers={"Host": "cellar.example"})
    start = time.monotonic()
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert b"data: 0" in answer.readline() + answer.readline()
        first = time.monotonic() - start
        answer.read()
    # In one piece they would come at the end, when three of them have waited.
    assert first < (time.monotonic() - start) / 2


def test_a_websocket_goes_through(proxy):
    with connect(proxy.replace("http", "ws") + "/ws") as socket:
        socket.send("hello")
        assert socket.recv() == "hello"


def test_an_upload_is_as_large_as_the_route_allows(proxy):
    body = (
        b"--b\r\nContent-Disposition: form-data; name=film; filename=f\r\n\r\n"
        + b"x" * 5_000_000
        + b"\r\n--b--\r\n"
    )
    asked = urllib.request.Request(
        f"{proxy}/upload", body, {"Host": "cellar.example", "Content-Type": "multipart/form-data; boundary=b"}
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert json.loads(answer.read()) == {"size": 5_000_000}
