"""The fixture ``browser``: Chromium by Playwright, where they are installed and pytest-playwright is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

#: What Chromium is called where it was not Playwright that installed it.
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Playwright's ``Browser``; ``browser.new_page()`` is a page. A test is left out where there is none.

    One for the tests of a module: while Playwright runs, ``asyncio.run()`` is refused in this thread.
    """
    # Imported here: an optional requirement, and heavy.
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="there is no browser: pip install playwright"
    )
    with sync_api.sync_playwright() as playwright:
        options: dict[str, Any] = {}
        if os.path.exists(playwright.chromium.executable_path):
            pass  # Playwright's own
        elif found := next(filter(None, map(shutil.which, _NAMES)), None):
            options["executable_path"] = found
        else:
            pytest.skip("there is no browser: playwright install chromium")
        if hasattr(os, "getuid") and os.getuid() == 0:
            options["args"] = ["--no-sandbox"]  # Chromium's refuses to be root's, as in containers
        started = playwright.chromium.launch(**options)
        yield started
        started.close()
