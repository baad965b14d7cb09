"""A form of the documentation in Chromium, served by `demijohn run`: filled in, with an upload, and wrong at first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.support.servers import ROOT, Server, free_port, stop_group, wait_until_ready

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]

# Alone on a closed network: without these Chromium tries to reach its maker again and again.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture
def server(tmp_path):
    shutil.copytree(ROOT / "docs" / "examples" / "forms", tmp_path / "example")
    port = free_port()
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "demijohn", "--app", "app", "run", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=tmp_path / "example",
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            start_new_session=True,
        )
    running = Server("demijohn", port, process, log)
    try:
        wait_until_ready(running, "/", seconds=90)
        yield running
    finally:
        stop_group(process)


@pytest.fixture
def page():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("These tests need Chromium: apt-get install chromium")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def fill_in(page, name: str, photo: Path) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Mail").fill("ada@example.org")
    page.get_by_label("Photo").set_input_files(photo)
    page.get_by_role("button", name="Join").click()


def test_a_form_is_filled_in_with_an_upload(server, page, tmp_path):
    photo, script = tmp_path / "ada.png", tmp_path / "ada.php"
    photo.write_bytes(b"\x89PNG")
    script.write_bytes(b"<?php")
    address = f"http://127.0.0.1:{server.port}/join"

    page.goto(address)
    name = page.get_by_label("Name")
    expect(name).to_have_accessible_description("As others will see it.")
    fill_in(page, "Ada", script)
    wrong = page.get_by_label("Photo")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description("File does not have an approved extension: png, jpg")
    expect(name).to_have_value("Ada")

    fill_in(page, "Ada", photo)
    expect(page.get_by_role("status")).to_have_text("Welcome, Ada!")
    expect(page.get_by_role("listitem")).to_have_text("Ada, ada.png")

    page.goto(address)
    fill_in(page, "Ada", photo)
    expect(name).to_have_accessible_description("As others will see it. Somebody has this name already.")


def test_a_tab_whose_token_is_stale_is_still_taken(server, page, tmp_path):
    """Chromium vouches for it."""
    photo = tmp_path / "eve.png"
    photo.write_bytes(b"\x89PNG")
    page.goto(f"http://127.0.0.1:{server.port}/join")
    page.locator("[name=csrf_token]").evaluate("field => field.value = 'stale'")
    page.context.clear_cookies()
    fill_in(page, "Eve", photo)
    expect(page.get_by_role("status")).to_have_text("Welcome, Eve!")


def test_a_form_that_another_site_sends_is_refused(server, page, tmp_path):
    other = tmp_path / "other.html"
    other.write_text(
        f"<form method=post action=http://127.0.0.1:{server.port}/join><input name=name value=Mallory>"
        "<input name=mail value=m@example.org><button>Win</button></form>"
    )
    page.goto(other.as_uri())
    with page.expect_response("**/join") as answer:
        page.get_by_role("button").click()
    assert answer.value.status in (400, 403)
    page.goto(f"http://127.0.0.1:{server.port}/")
    assert "Mallory" not in page.content()
