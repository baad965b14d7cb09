"""The example of docs/uploads.md on a real server: a browser that shows progress, and tus' own JavaScript client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.ext.uploads.conftest import png
from tests.support.servers import Server, free_port, stop_group, wait_until_ready

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "uploads"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
FILM = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 40_000


@pytest.fixture(params=["wsgi", "asgi"])
def server(request, tmp_path):
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("instance"))
    port = free_port()
    command = [sys.executable, "-m", "demijohn", "run", "--port", str(port), "--interface", request.param]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            start_new_session=True,
        )
    running = Server("demijohn", port, process, log)
    try:
        wait_until_ready(running, "/", seconds=60)
        yield running
    finally:
        stop_group(process)


@pytest.fixture
def page():
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


LISTEN = """
window.told = [];
for (const name of ["progress", "done", "failed"])
  document.addEventListener("upload:" + name, ({ detail }) => window.told.push([name, detail.sent, detail.total]));
"""


@pytest.mark.browser
@pytest.mark.servers
@pytest.mark.slow
def test_a_browser_shows_progress_and_resumes_a_film(server, page, tmp_path):
    photo, film = tmp_path / "me.png", tmp_path / "film.mp4"
    photo.write_bytes(png() + bytes(3_000_000))
    film.write_bytes(FILM)

    page.goto(server.url)
    page.evaluate(LISTEN)
    page.get_by_label("A film").set_input_files(film)
    # The first attempt to send the bytes is cut off; the script goes on by itself.
    cut = []
    page.route("**/files/*", lambda route: (cut.append(1), route.abort()) if not cut else route.continue_())
    page.locator("form[data-tus] button").click()
    bar = page.locator("form[data-tus] progress")
    expect(bar).to_be_visible()
    page.wait_for_function("told.some(([name]) => name === 'done')", timeout=60_000)
    assert cut
    told = page.evaluate("told")
    assert [told[0][0], told[-1][0]] == ["progress", "done"]
    assert told[-2][1] == told[-2][2] == len(FILM)
    assert bar.evaluate("bar => bar.value === bar.max")

    page.goto(server.url)
    expect(page.get_by_text(f"film.mp4, {len(FILM)} bytes")).to_be_visible()
    page.get_by_label("A photo").set_input_files(photo)
    page.locator("form[data-upload] button").click()
    page.wait_for_url("**/photos/*.png")


CLIENT = """
const fs = require("fs"), tus = require("tus-js-client");
const [address, path] = process.argv.slice(2);
const size = fs.statSync(path).size;
const piece = 1024 * 1024;
const fail = (error) => { console.error(error); process.exit(1); };
const options = (more) => ({
  endpoint: address, chunkSize: piece, uploadSize: size, metadata: { filename: "film.mp4" },
  retryDelays: [0, 200, 500, 1000], onError: fail, ...more,
});
let aborted = false;
const first = new tus.Upload(fs.createReadStream(path), options({
  onProgress(sent) {
    if (sent > 2.5 * piece && !aborted) {
      aborted = true;
      first.abort().then(() => setTimeout(() => resume(first.url), 300));
    }
  },
  onSuccess() { fail("it was to be aborted"); },
}));
function resume(url) {
  let lowest = size;
  const second = new tus.Upload(fs.createReadStream(path), options({
    uploadUrl: url,
    onChunkComplete(length, sent) { lowest = Math.min(lowest, sent - length); },
    onSuccess() { terminate(lowest); },
  }));
  second.start();
}
function terminate(lowest) {
  const third = new tus.Upload(fs.createReadStream(path), options({
    onChunkComplete() {
      third.abort(true).then(() => fetch(third.url, { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } }))
        .then((answer) => { console.log(JSON.stringify({ lowest, gone: answer.status })); process.exit(0); }, fail);
    },
  }));
  third.start();
}
first.start();
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The official JavaScript client, by npm."""
    folder = tmp_path_factory.mktemp("tus")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "tus-js-client@4.3.1"]
    subprocess.run(install, cwd=folder, check=True, timeout=120, stdout=subprocess.DEVNULL)
    (folder / "client.js").write_text(CLIENT)
    return folder


@pytest.mark.peers
def test_the_official_javascript_client_aborts_resumes_and_terminates(server, client, tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(FILM)
    done = subprocess.run(
        ["node", "client.js", f"{server.url}/files", str(film)],
        cwd=client,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr + server.log
    told = json.loads(done.stdout)
    assert told["lowest"] >= 2 * 1024 * 1024  # it went on where it was
    assert told["gone"] == 404
    kept = tmp_path / "example" / "instance" / "uploads" / "films"
    assert [path.read_bytes() == FILM for path in kept.iterdir()] == [True]
