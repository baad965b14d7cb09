"""The page of an Api in a real browser, served by `demijohn run` with nothing else to reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.support.servers import Server, free_port, stop_group, wait_until_ready

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]


@pytest.fixture
def server(tmp_path):
    """The example on a real port."""
    port = free_port()
    command = [sys.executable, "-m", "demijohn", "--app", "app:create_app()", "run", "--port", str(port)]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT / "examples" / "rest",
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, start_new_session=True,
        )  # fmt: skip
    running = Server("demijohn", port, process, log)
    try:
        wait_until_ready(running, "/api/openapi.json", seconds=90)
        yield running
    finally:
        stop_group(process)


def test_an_operation_is_tried_in_the_page_without_a_foreign_request(server, tmp_path):
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("This test needs Chromium: apt-get install chromium")
    expect.set_options(timeout=60_000)
    asked, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{server.url}/api/docs")
        expect(page.get_by_text("The wines, by pages.")).to_be_visible()
        page.locator("#operations-wines-wines_2, #operations-wines-wines").first.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".responses-table.live-responses-table")).to_contain_text("Riesling")
        page.screenshot(path=tmp_path / "docs.png", full_page=True)
        page.get_by_label("Version").select_option(label="version 1")
        expect(page.get_by_text("All wines, as the first version had them.")).to_be_visible()
        browser.close()
    assert (tmp_path / "docs.png").stat().st_size > 10_000
    assert [url for url in asked if not url.startswith((server.url, "data:"))] == []
    assert complaints == []
