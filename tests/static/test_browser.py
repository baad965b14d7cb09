"""Chromium with a warm cache: a page whose files have addresses by their content asks for none of them again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from tests.support.servers import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SERVED = """
from demijohn import Flask, request, url_for

app = Flask(__name__)
asked = []

@app.before_request
def note():
    asked.append(request.path)

@app.get("/asked")
def tell():
    told = list(asked)
    asked.clear()
    return told

@app.get("/")
def index():
    return (
        f"<!doctype html><link rel=stylesheet href={url_for('static', filename='cellar.css')}>"
        f"<script src={url_for('static', filename='app.js')}></script><p>a page"
    )
"""


def chromium() -> str:
    for found in (os.environ.get("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser"):
        if found and Path(found).exists():
            return found
    raise AssertionError("no Chromium: set CHROMIUM")


@pytest.mark.parametrize("server", ["granian-wsgi", "granian-asgi"])
def test_from_a_warm_cache_no_file_is_asked_for(folder, server):
    (folder.parent / "static_served.py").write_text(SERVED)
    paths = os.pathsep.join([str(folder.parent), *sys.path])
    with (
        serve("static_served:app", server, env={"PYTHONPATH": paths}) as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{running.url}/", wait_until="networkidle")
        first = page.request.get(f"{running.url}/asked").json()
        assert any(path.startswith("/static/cellar.") for path in first)
        assert any(path.startswith("/static/img/wall.") for path in first)
        assert any(path.startswith("/static/app.") for path in first)
        page.goto(f"{running.url}/", wait_until="networkidle")
        assert page.locator("p").inner_text() == "a page"
        again = page.request.get(f"{running.url}/asked").json()
        assert [path for path in again if path.startswith("/static/")] == []
        assert "/" in again
        browser.close()
