"""The debugger and the development bar in Chromium, on the real server, under each protocol."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.support.servers import Server, free_port, stop_group, wait_until_ready

pytestmark = [pytest.mark.servers, pytest.mark.browser, pytest.mark.xdist_group("debugger-browser")]

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
HERE = "/__demijohn__/debugger/"
SITE = """
from cellar import app
from demijohn import render_template_string

PAGE = "<!doctype html><title>Strict</title><body><h1>{{ title }}</h1>"
PAGE += "<script nonce='{{ csp_nonce() }}'>document.title = 'ran'</script></body>"

@app.get("/strict", csp={"default-src": "'self'", "script-src": "'nonce'", "style-src": "'self'"})
def strict():
    return render_template_string(PAGE, title="Strict")

@app.get("/closed", csp={"default-src": "'none'"})
def closed():
    return "<!doctype html><title>Closed</title><body><h1>Closed</h1></body>"
"""


@pytest.fixture(
    scope="module",
    params=["wsgi", *(pytest.param(name, marks=pytest.mark.soak) for name in ("asgi", "rsgi"))],
)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("debugger")
    shutil.copy(ROOT / "docs/examples/debugger/cellar.py", folder)
    (folder / "site_of_test.py").write_text(SITE)
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "demijohn", "--app", "site_of_test:app", "run", "--debug", "--no-reload"]
            + ["--interface", request.param, "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "DEMIJOHN_EDITOR": "vscode"},
            start_new_session=True,
        )
    running = Server("demijohn", port, process, log)
    try:
        wait_until_ready(running, "/", seconds=90)
        yield running
    finally:
        stop_group(process)


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("These tests need Chromium: apt-get install chromium")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def visit(browser, server):
    """Open a page as a new visitor; what the browser complains of fails the test at its end."""
    complaints, contexts = [], []

    def open_page(path, **options):
        size = {"width": 1280, "height": 800}
        context = browser.new_context(base_url=server.url, viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # The browser also notes the statuses that these tests ask for.
    assert [text for text in complaints if "responded with a status of" not in text] == []


def pin_of(server):
    for _ in range(100):
        found = re.search(r"^ \* Debugger PIN: (\d{3}-\d{3}-\d{3})$", server.log, re.MULTILINE)
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(server.log)


@pytest.mark.parametrize("path", ["/total", "/later", "/both", "/template"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_line_that_failed_is_in_sight(visit, path, scheme):
    page = visit(path, color_scheme=scheme)
    expect(page.locator("[data-frame][open] .hit").first).to_be_in_viewport(ratio=1)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(number) for number in re.findall(r"\d+", paper)[:3])
    assert brightness < 200 if scheme == "dark" else brightness > 600


def test_the_console_asks_for_the_pin_and_goes_on(visit, server):
    page = visit("/later")
    console = page.locator("[data-frame][open] [data-console]").first
    console.fill("import asyncio")
    console.press("Enter")
    pin = page.get_by_label("PIN", exact=True)
    pin.fill("000-000-000")
    pin.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Tries left: 9")
    pin.fill(pin_of(server))
    pin.press("Enter")
    expect(pin).to_have_count(0)
    page.keyboard.type("await asyncio.sleep(0.01, request.path)")
    page.keyboard.press("Enter")
    expect(page.locator("[data-frame][open]").first).to_contain_text("'/later'\n")
    console.fill("<img src=x onerror=alert(1)>")
    console.press("Enter")
    expect(page.locator("[data-frame][open]").first).to_contain_text("SyntaxError")
    console.press("ArrowUp")
    console.press("ArrowUp")
    expect(console).to_have_value("await asyncio.sleep(0.01, request.path)")


def test_the_keyboard_goes_from_call_to_call_and_to_the_console(visit):
    page = visit("/total")
    calls = page.locator("[data-frame]")
    page.keyboard.press("j")
    expect(calls.nth(0).locator("summary")).to_be_focused()
    page.keyboard.press("j")
    second = calls.nth(1)
    expect(second.locator("summary")).to_be_focused()
    assert second.get_attribute("open") is None
    page.keyboard.press("Enter")
    expect(second.locator("pre").first).to_be_visible()
    page.keyboard.press("k")
    expect(calls.nth(0).locator("summary")).to_be_focused()
    page.keyboard.press("c")
    expect(calls.nth(0).locator("[data-console]")).to_be_focused()
    page.keyboard.type("jkc")
    expect(calls.nth(0).locator("[data-console]")).to_have_value("jkc")
    page.keyboard.press("Escape")
    expect(calls.nth(0).locator("summary")).to_be_focused()


def test_copy_takes_the_traceback_along(visit):
    page = visit("/total", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Traceback (most recent call last):")
    assert copied.rstrip().endswith("KeyError: 'rose'")


def test_a_call_links_to_the_editor(visit):
    link = visit("/total").locator("[data-frame][open] [data-editor]").first
    assert re.fullmatch(r"vscode://file/.*/cellar\.py:\d+", link.get_attribute("href"))


def test_errors_that_a_script_got_are_listed(visit):
    page = visit("/")
    answer = page.evaluate("fetch('/total').then(a => a.text())")
    assert answer.startswith("Traceback")
    page.locator("demijohn-bar").get_by_role("link", name="Errors").click()
    page.get_by_role("link", name="KeyError").first.click()
    expect(page.get_by_role("heading", name="KeyError")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/strict"])
def test_the_bar_is_there_and_tells_what_the_page_took(visit, path):
    bar = visit(path).locator("demijohn-bar")
    expect(bar.locator("nav")).to_be_in_viewport()
    expect(bar.locator(".time")).to_contain_text("ms")
    bar.get_by_text("Context").click()
    expect(bar.get_by_text("bottles" if path == "/" else "title", exact=True)).to_be_visible()
    bar.get_by_role("button").click()
    expect(bar).to_have_count(0)


def test_where_a_page_lets_no_script_run_there_is_no_bar_and_no_complaint(visit):
    page = visit("/closed")
    expect(page.get_by_role("heading", name="Closed")).to_be_visible()
    expect(page.locator("demijohn-bar")).to_have_count(0)


def test_a_program_is_told_where_the_page_is(server):
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    with pytest.raises(HTTPError) as failed:
        urlopen(Request(f"{server.url}/total", headers={"Accept": "application/json"}))
    told = json.load(failed.value)
    assert told["detail"] == "KeyError: 'rose'"
    assert urlopen(f"{server.url}{told['debugger']}").status == 200
