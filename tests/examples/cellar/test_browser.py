"""The cellar in a real browser, served by `demijohn run`: two visitors, one cellar."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.support.servers import Server, free_port, stop_group, wait_until_ready

from .conftest import BOTTLE, KEY, PASSWORD, PNG, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.slow]

PATHS = ["/", "/bottles/", "/bottles/1", "/racks/1", "/live/", "/auth/sign-in", "/almanac/", "/nowhere"]
# Alone on a closed network: without these Chromium tries to reach its maker again and again.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module", params=["asgi"])
def server(request, filled, tmp_path_factory):
    """The cellar on a real port, in production mode, for all tests: each visitor of theirs has a name of its own."""
    tmp_path = tmp_path_factory.mktemp("browser")
    folder = shutil.copytree(filled, tmp_path / "data")
    port = free_port()
    own = {
        "CELLAR_DATA_FOLDER": str(folder),
        "CELLAR_SECRET_KEY": KEY,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples" / "cellar")]),
    }
    command = [
        sys.executable,
        "-m",
        "demijohn",
        "--app",
        "cellar:create_app()",
        "run",
        "--port",
        str(port),
        "--interface",
        request.param,
    ]
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env={**os.environ, **own},
            start_new_session=True,
        )
    running = Server("demijohn", port, process, log)
    try:
        wait_until_ready(running, "/healthz", seconds=90)
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

    def open_page(path="/", **options):
        context = browser.new_context(base_url=server.url, **options)
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
    assert [
        text for text in complaints if "a status of 404" not in text and "a status of 422" not in text
    ] == []


def sign_up(page, name=None):
    name = name or f"Emil {secrets.token_hex(3)}"
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_text(f"Welcome to the cellar, {name}.")).to_be_visible()


def test_what_one_does_the_other_sees_at_once(visit, tmp_path):
    """Emil signs up, adds a bottle with a photo and opens one; Dora's open pages follow."""
    dora = visit("/live/")
    expect(dora.get_by_text("Connected")).to_be_visible()
    racks = visit("/")
    taken = racks.locator("#slot-2-1-1").locator("xpath=..").locator("a[href]").count()

    emil = visit("/")
    sign_up(emil, "Emil")
    emil.get_by_role("link", name="Add", exact=True).click()
    for label in (
        "Name",
        "Producer",
        "Region",
        "Country",
        "Grapes",
        "Price",
        "Drink from",
        "Drink until",
        "Story",
    ):
        emil.get_by_label(label).first.fill(BOTTLE[label.lower().replace(" ", "_")])
    emil.get_by_label("White").check(force=True)
    emil.get_by_label("Rack").select_option("2")
    emil.get_by_label("How many").fill("2")
    emil.get_by_label("Label photo").set_input_files(
        {"name": "label.png", "mimeType": "image/png", "buffer": PNG}
    )
    expect(emil.get_by_alt_text("The chosen photo")).to_be_visible()
    emil.get_by_role("button", name="Add to the cellar").click()

    expect(emil.get_by_text("Haut Plateau is in the cellar.")).to_be_visible()
    label = emil.get_by_alt_text("Label of Haut Plateau NV")
    assert label.evaluate("image => image.complete && image.naturalWidth") == 8
    first = dora.locator(".entry").first
    expect(first).to_contain_text(re.compile(r"Emil\s+added\s+Haut Plateau NV"))
    expect(racks.locator("#slot-2-1-1").locator("xpath=..").locator("a[href]")).to_have_count(taken + 2)

    # Dora looks at the bottle while Emil opens one.
    first.get_by_role("link", name="Haut Plateau NV").click()
    expect(dora.locator("[data-stock]").first).to_have_text("2")
    emil.get_by_text("4 of 5 glasses").locator("xpath=ancestor::label").click()
    emil.get_by_label("Tasting note").fill("Walnut and sea air.")
    emil.get_by_role("button", name="Cheers").click()
    expect(emil.get_by_text("Take the one from The arch")).to_be_visible()
    expect(dora.locator("[data-stock]").first).to_have_text("1")
    expect(racks.locator("#slot-2-1-1").locator("xpath=..").locator("a[href]")).to_have_count(taken + 1)


def test_a_glass_raised_in_one_tab_is_seen_in_the_other(visit):
    emil = visit("/live/")
    sign_up(emil)
    emil.goto("/live/")
    dora = visit("/live/")
    expect(emil.get_by_text("Connected")).to_be_visible()
    expect(dora.locator("[data-watching]")).to_have_text("2")
    button = emil.locator(".cheer").first
    before = int(button.inner_text().strip() or 0)
    button.click()
    expect(dora.locator(".cheer b").first).to_have_text(str(before + 1))
    dora.locator(".cheer").first.click()
    expect(dora.get_by_text("Sign in to raise a glass.")).to_be_visible()


def test_a_wrong_form_keeps_what_was_typed_and_leads_to_the_error(visit):
    page = visit("/")
    sign_up(page)
    page.goto("/bottles/new")
    form = page.locator("form", has=page.get_by_label("Producer"))
    form.evaluate("form => form.noValidate = true")
    page.get_by_label("Producer").fill("Domaine Test")
    page.get_by_label("Price").fill("a lot")
    page.get_by_role("button", name="Add to the cellar").click()
    expect(page.get_by_label("Producer")).to_have_value("Domaine Test")
    expect(page.get_by_text("Give an amount such as 24.50.")).to_be_visible()
    page.get_by_role("alert").get_by_role("link", name="Price").click()
    expect(page.get_by_label("Price")).to_be_in_viewport()


def test_no_page_is_wider_than_the_screen(visit):
    page = visit("/")
    for path in PATHS:
        page.goto(path)
        for width in (340, 390, 800, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_pages_work_without_their_script(visit):
    page = visit("/", java_script_enabled=False)
    sign_up(page)
    page.goto("/bottles/?sort=window")
    page.locator(".card a").first.click()
    page.get_by_role("button", name="Cheers").click()
    expect(page.get_by_text("Cheers! Take the one from")).to_be_visible()
    page.goto("/live/")
    page.locator(".cheer").first.click()
    expect(page.locator(".cheer b").first).to_have_text("1")
    page.get_by_role("link", name="Archive").click()
    page.get_by_role("button", name="Make an archive").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_an_archive_is_followed_until_it_can_be_downloaded(visit):
    page = visit("/")
    sign_up(page)
    page.get_by_role("link", name="Archive").click()
    page.get_by_role("button", name="Make an archive").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    assert re.fullmatch(r"cellar-[0-9-]{10}\.zip", started.value.suggested_filename)


@pytest.mark.soak
def test_what_the_script_says_is_in_the_language_of_who_looks(visit):
    """Emil works in English; whoever looks on reads of it in their own language, all at the same moment."""
    words = {
        "de": ("ltr", "Verbunden", "hat hinzugefügt:", "gerade eben"),
        "es": ("ltr", "Conectado", "añadió", "ahora mismo"),
        "ar": ("rtl", "متصل", "أضاف", "الآن"),
    }
    pages = {code: visit("/live/", locale=code) for code in words}
    for code, (direction, state, *_) in words.items():
        expect(pages[code].locator("[data-state-words]")).to_have_text(state)
        assert pages[code].locator("html").get_attribute("dir") == direction
    emil = visit("/")
    sign_up(emil)
    emil.get_by_role("link", name="Add", exact=True).click()
    for label in ("Name", "Producer", "Region", "Country"):
        emil.get_by_label(label, exact=True).fill(BOTTLE[label.lower()])
    emil.get_by_role("button", name="Add to the cellar").click()
    expect(emil.get_by_text("Haut Plateau is in the cellar.")).to_be_visible()
    for code, (_, _, verb, moment) in words.items():
        line = pages[code].locator(".entry").first
        expect(line.locator("strong + span")).to_have_text(verb)
        expect(line.locator("time")).to_have_text(moment)


@pytest.mark.soak
@pytest.mark.parametrize("server", ["wsgi"], indirect=True)
def test_without_a_socket_the_page_listens_to_events(browser, server):
    """The browser complains of the socket, and of nothing else."""
    pages = [browser.new_context(base_url=server.url).new_page() for _ in range(2)]
    dora, emil = pages
    dora.goto("/live/")
    expect(dora.get_by_text("Connected")).to_be_visible()
    emil.goto("/")
    sign_up(emil)
    emil.goto("/bottles/1")
    emil.get_by_role("button", name="Cheers").click()
    expect(dora.locator(".entry").first).to_contain_text("Emil")
    for page in pages:
        page.context.close()
