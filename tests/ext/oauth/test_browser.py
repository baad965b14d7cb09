"""Chromium signs in with the local provider: its consent page is clicked, and its cookies are a browser's."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.ext.oauth.conftest import Serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture
def page():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("This test needs Chromium: apt-get install chromium")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_context().new_page()
        page.set_default_timeout(60_000)
        yield page
        browser.close()


@pytest.fixture
def site(app):
    serving = Serving(app)
    yield serving.url.replace("127.0.0.1", "localhost")  # another site than the provider's, as in life
    serving.stop()


def test_one_allows_and_is_signed_in(page, site):
    page.goto(f"{site}/me")
    expect(page.get_by_role("heading")).to_have_text("cellar asks who you are")
    page.get_by_label("Your name").fill("ada")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site}/me")
    expect(page.locator("body")).to_contain_text("ada@cellar.example")
    assert not [cookie for cookie in page.context.cookies() if cookie["name"].startswith("oauth_flow_")]


def test_one_denies_and_may_begin_again(page, site, tmp_path):
    page.goto(f"{site}/login/house")
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading")).to_have_text("You were not signed in")
    page.screenshot(path=tmp_path / "denied.png")
    page.get_by_role("link", name="Begin again").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site}/done")


def test_one_goes_back_and_sends_the_answer_again(page, site):
    page.goto(f"{site}/login/house")
    with page.expect_response(lambda response: "/authorized" in response.url) as answered:
        page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site}/done")
    page.goto(answered.value.url)
    expect(page.get_by_role("heading")).to_have_text("This sign-in cannot be finished")


def test_three_tabs_come_home(page, site):
    tabs = [page, page.context.new_page(), page.context.new_page()]
    for tab in tabs:
        tab.goto(f"{site}/login/house")
    for tab in reversed(tabs):
        tab.get_by_role("button", name="Allow").click()
        tab.wait_for_url(f"{site}/done")
