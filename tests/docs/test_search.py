"""The site's search, and the button that copies a block, in a real browser."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.support.browser import chromium

import listings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("site"),
    pytest.mark.timeout(300),
]

#: What is asked, the page that answers it, and among how many results it has to be.
ASKED = [
    ("log in", "Logging in", 1),
    ("login", "Logging in", 1),
    ("logging", "Logging", 1),
    ("how to use sessions", "Sessions", 1),
    ("sessions", "Sessions", 1),
    ("rate limit", "Rate limits", 1),
    ("websocket", "WebSockets", 1),
    ("file upload", "Uploads", 1),
    ("render template", "Templates", 1),
    ("test client", "Testing", 4),
    ("url_for", "Routing", 4),
    ("g object", "Contexts", 4),
    ("gunicorn", "Deploying", 4),
    ("cookie secure", "Sessions", 5),
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the site that `./check` builds, built anew where that is older than a page."""
    docs = listings.ROOT / "docs"
    built = docs / "_build" / "html"
    made = built / "_static" / "search_weights.js"
    newest = max(file.stat().st_mtime for file in docs.iterdir() if file.is_file())
    if not made.exists() or made.stat().st_mtime < newest:
        subprocess.run([sys.executable, "-m", "sphinx", "-q", docs, built], check=True)
    handler = functools.partial(Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as page:
        yield page


ASK = """query => {
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;  // which would fetch each page that is found
    document.querySelector("#search-results").replaceChildren();
    history.replaceState(null, "", "?q=" + encodeURIComponent(query));
    Search.performSearch(query);
}"""


@pytest.fixture(scope="module")
def results(site, page) -> Page:
    """The page of results, as somebody gets there who types into the field of any page."""
    page.goto(f"{site}/database.html")
    page.locator("input[name=q]").fill("login")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=login**")
    page.wait_for_function("Search.hasIndex()")
    return page


@pytest.mark.parametrize(("query", "title", "among"), ASKED)
def test_search_finds_the_page_of_that_name(results, query, title, among):
    results.evaluate(ASK, query)
    found = results.locator("#search-results ul.search > li > a")
    found.nth(among - 1).wait_for()
    assert title in found.all_inner_texts()[:among]


FIRST = """queries => queries.map(query => {
    history.replaceState(null, "", "?q=" + encodeURIComponent(query));
    return Search._performSearch(...Search._parseQuery(query)).at(-1)[1];
})"""


def test_the_title_of_a_page_finds_it_first(results):
    titles = [page.read_text().partition("\n")[0].removeprefix("# ") for page in listings.pages()[1:]]
    assert results.evaluate(FIRST, titles) == titles


def test_a_block_of_a_console_is_copied_as_it_is_typed(site, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/database.html")
    page.locator("div.highlight-console").nth(1).hover()
    page.locator("div.highlight-console button.copybtn").nth(1).click()
    page.wait_for_selector("button.copybtn.success")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[0] == "demijohn run"
    assert "$" not in copied
