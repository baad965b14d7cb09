"""The example of docs/events.md in Chromium: events, a connection that comes back, tokens over POST."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import expect
from tests.support.browser import chromium, example

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]


def set_price(server, wine, price):
    request = urllib.request.Request(
        f"{server.url}/price/{wine}", json.dumps(price).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()


def test_a_browser_gets_what_it_missed_and_a_models_tokens(tmp_path):
    with example("events", tmp_path) as server, chromium() as page:
        page.goto(server.url)
        page.wait_for_function("source.readyState === 1")
        set_price(server, "rioja", 12)
        lines = page.locator("#prices li")
        expect(lines).to_have_text(["rioja: 12"])
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#answer")).to_have_text("You ask what goes with fish? Ask the cellar master.")
        page.context.set_offline(True)
        page.wait_for_timeout(300)
        set_price(server, "barolo", 30)
        set_price(server, "rioja", 13)
        page.context.set_offline(False)
        expect(lines).to_have_text(["rioja: 12", "barolo: 30", "rioja: 13"])
