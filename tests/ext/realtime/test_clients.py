"""Socket.IO's own client: under node, and in Chromium with the chat of the examples and the printed sample."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.ext.realtime.conftest import SITE
from tests.sessions.server_side.conftest import RedisServer
from tests.support.servers import ROOT, Server, free_port, serve, stop_group, wait_until_ready

pytestmark = [
    pytest.mark.peers,
    pytest.mark.servers,
    pytest.mark.slow,
    pytest.mark.xdist_group("socket.io-client"),
]

CLIENT = "socket.io-client@4.8.1"

#: What a script begins with: `io`, and waiting for events.
PRELUDE = """
const { io } = require("socket.io-client");
const [first, second] = process.argv.slice(2);
const once = (socket, name) => new Promise((go, stop) => {
  setTimeout(() => stop(new Error(`no ${name}`)), 15000).unref();
  socket.once(name, (...values) => go(values));
});
const pause = (ms) => new Promise((go) => setTimeout(go, ms));
const news = (url, value, room = "all") => fetch(`${url}/emit/${room}`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value),
});
const told = {};
const done = () => { console.log(JSON.stringify(told)); process.exit(0); };
(async () => {
"""

TALK = """
  const options = { ...JSON.parse(process.argv[4]), forceNew: true };
  const socket = io(first, options);
  const other = io(first, options);
  await Promise.all([once(socket, "welcome"), once(other, "welcome")]);
  told.echo = await socket.emitWithAck("echo", 1, "zwei", { drei: [4] });
  told.echo_def = await socket.timeout(5000).emitWithAck("echo_def", "x");
  const bytes = await socket.emitWithAck("echo", Buffer.from([0, 255]));
  told.bytes = [...bytes];
  await socket.emitWithAck("join", "r");
  await other.emitWithAck("join", "r");
  const said = once(other, "said");
  socket.emit("say", "r", "hello");
  told.said = (await said)[0];
  other.on("question", (number, answer) => answer(number * 7));
  told.asked = [await socket.emitWithAck("ask", other.id), await socket.emitWithAck("ask_async", other.id)];
  const lots = socket.io.socket("/lots");
  lots.connect();
  told.lots = (await once(lots, "welcome"))[0];
  await pause(300);
  told.transport = socket.io.engine.transport.name;
  const gone = once(other, "disconnect");
  socket.emit("kick", other.id);
  told.kicked = (await gone)[0];
  const refused = io(first, { ...options, auth: { refuse: true } });
  const [error] = await once(refused, "connect_error");
  told.refused = [error.message, error.data];
  const again = once(socket, "connect");
  socket.io.engine.close();
  await again;
  told.again = await socket.emitWithAck("echo", "again");
  done();
})();
"""

RECOVER = """
  const socket = io(first, { transports: ["websocket"], reconnectionDelay: 300, reconnectionDelayMax: 300 });
  const seen = [];
  socket.on("news", (value) => seen.push(value));
  await once(socket, "welcome");
  await socket.emitWithAck("join", "r");
  told.turns = [];
  for (const turn of [0, 1, 2]) {
    seen.length = 0;
    const id = socket.id;
    socket.io.uri = turn % 2 ? first : second;
    const again = once(socket, "connect");
    socket.io.engine.close();
    await pause(50);
    await news(first, "one");
    await news(second, "two", "r");
    await news(first, "not for it", "other");
    await news(second, "three");
    await again;
    await pause(500);
    told.turns.push([socket.recovered, socket.id === id, [...seen]]);
  }
  done();
})();
"""


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the client is installed."""
    folder = tmp_path_factory.mktemp("npm")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", CLIENT]
    subprocess.run(install, cwd=folder, check=True, timeout=180, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture
def node(npm: Path) -> Callable[..., dict[str, Any]]:
    def run(script: str, *arguments: str) -> dict[str, Any]:
        (npm / "script.js").write_text(PRELUDE + script)
        done = subprocess.run(
            ["node", "script.js", *arguments],
            cwd=npm,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return run


@pytest.mark.parametrize(
    ("transports", "transport"),
    [(None, "websocket"), (["polling"], "polling"), (["websocket"], "websocket")],
)
def test_it_talks_by_every_transport_and_moves_to_a_websocket(
    site: Server, node: Callable[..., dict[str, Any]], transports: list[str] | None, transport: str
) -> None:
    options = {} if transports is None else {"transports": transports}
    assert node(TALK, site.url, "", json.dumps(options)) == {
        "echo": 1, "echo_def": "x", "bytes": [0, 255], "said": "hello", "asked": [42, 49], "lots": "lots",
        "transport": transport, "kicked": "io server disconnect", "refused": ["not you", {"why": "asked for"}],
        "again": "again",
    }  # fmt: skip


TURN = [True, True, ["one", "two", "three"]]


def test_it_recovers_at_another_worker(valkey: RedisServer, node: Callable[..., dict[str, Any]]) -> None:
    environment = {"MESSAGE_QUEUE": valkey.url, "RECOVERY": "60"}
    with serve(SITE, "uvicorn", env=environment) as first, serve(SITE, "uvicorn", env=environment) as second:
        assert node(RECOVER, first.url, second.url)["turns"] == [TURN] * 3


def test_it_recovers_in_one_process(node: Callable[..., dict[str, Any]]) -> None:
    with serve(SITE, "uvicorn", env={"RECOVERY": "60"}) as site:
        assert node(RECOVER, site.url, site.url)["turns"] == [TURN] * 3


ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
]  # fmt: skip


@pytest.fixture
def pages() -> Iterator[Callable[[], Page]]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("These tests need Chromium: apt-get install chromium")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser.new_page
        browser.close()


def run_beside(folder: Path, *arguments: str, port: int) -> subprocess.Popen[bytes]:
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *arguments], stdout=log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PORT": str(port)},
        )  # fmt: skip


@pytest.mark.browser
def test_the_chat_of_the_examples(npm: Path, tmp_path: Path, pages: Callable[[], Page]) -> None:
    folder = tmp_path / "chat"
    shutil.copytree(ROOT / "examples" / "realtime", folder)
    shutil.copy(npm / "node_modules/socket.io-client/dist/socket.io.min.js", folder / "static")
    port = free_port()
    process = run_beside(folder, "-m", "demijohn", "run", "--port", str(port), port=port)
    try:
        server = Server("demijohn", port, process, folder / "server.log")
        wait_until_ready(server, "/", seconds=90)
        people = []
        for name in ("Ada", "Bob"):
            page = pages()
            page.goto(server.url)
            page.get_by_label("Name").fill(name)
            page.get_by_role("button", name="Enter").click()
            expect(page.get_by_text("You are in the cellar")).to_be_visible()
            people.append(page)
        expect(people[0].get_by_text("Bob is here")).to_be_visible()
        people[0].get_by_label("Say").fill("A bottle?")
        people[0].get_by_role("button", name="Send").click()
        for page in people:
            expect(page.get_by_text("Ada: A bottle?")).to_be_visible()
    finally:
        stop_group(process)


SAMPLE = ROOT / "tests" / "seed" / "samples" / "topic_22_websockets.py"
SCRIPT = """
const socket = io();
socket.on("response", function (data) {
  const line = document.createElement("p");
  line.textContent = data.data;
  document.body.append(line);
});
socket.emit("message", "Hello, server!");
"""


@pytest.mark.browser
@pytest.mark.parametrize("names", ["demijohn", "flask"])
def test_the_printed_sample(npm: Path, tmp_path: Path, pages: Callable[[], Page], names: str) -> None:
    text = SAMPLE.read_text()
    port = free_port()
    text = text.replace("port=0", f"port={port}")
    command = ["sample.py"]
    if names == "flask":
        text = text.replace("demijohn.ext.realtime", "flask_socketio").replace("demijohn", "flask")
        command = ["-m", "demijohn.compat", "sample.py"]
    (tmp_path / "static").mkdir()
    (tmp_path / "sample.py").write_text(text)
    (tmp_path / "static" / "topic_22.js").write_text(SCRIPT)
    shutil.copy(npm / "node_modules/socket.io-client/dist/socket.io.js", tmp_path / "static")
    process = run_beside(tmp_path, *command, port=port)
    try:
        server = Server("demijohn", port, process, tmp_path / "server.log")
        wait_until_ready(server, "/", seconds=90)
        page = pages()
        page.goto(server.url)
        for text in ("Connected", "Hello, server!"):
            expect(page.get_by_text(text)).to_be_visible()
    finally:
        stop_group(process)
