"""What docs/login.md shows in place: passwords, API keys and a test."""

from __future__ import annotations

import re

import pytest
from tests.docs.conftest import EXAMPLES

import listings


@pytest.fixture
def page(tmp_path, load_example):
    """The page's application, with the blocks about passwords and keys put at its end; and the test."""
    text = listings.without_listings((EXAMPLES.parent / "login.md").read_text())
    passwords, keys, test = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    application = (EXAMPLES / "login" / "app.py").read_text()
    (tmp_path / "app.py").write_text(f"{application}\n\n{passwords}\n\n{keys}")
    (tmp_path / "test_cellar.py").write_text(test)
    shop = load_example(str(tmp_path / "app"))
    yield shop, load_example(str(tmp_path / "test_cellar"))
    with shop.app.app_context():
        shop.db.dispose()


def test_the_snippets_do_what_the_page_says(page):
    shop, tests = page
    tests.test_who_is_logged_in_sees_the_cellar()
    shop.app.test_cli_runner().invoke(args=["add-user", "Ada", "--password", "port"])
    with shop.app.app_context():
        ada = shop.db.session.scalar(shop.db.select(shop.User))
        assert (ada.id, ada.name) == (1, "Ada"), "the test has taken its user back"
        assert shop.is_right(ada, "port")
        assert not shop.is_right(ada, "sherry")
        assert not shop.is_right(None, "port")
    client = shop.app.test_client()
    assert client.get("/cellar", headers={"X-API-Key": "k-2f0c"}).json == {"the cellar of": "Ada"}
    assert client.get("/cellar", headers={"X-API-Key": "k-9999"}).status_code == 302
