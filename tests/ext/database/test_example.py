"""examples/database, used as its visitors use it, over each protocol and on each kind of database."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

FILE = Path(__file__).parents[3] / "examples" / "database" / "app.py"


@pytest.fixture
def guests(address):
    """The example's module and an application of it."""
    module = runpy.run_path(str(FILE))
    app = module["create_app"](address)
    yield app
    with app.app_context():
        module["db"].dispose()


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_the_guest_book(guests, protocol):
    with guests.test_client(protocol=protocol, lifespan=protocol != "wsgi") as client:
        for guest in "Ada", "Bob", "Cyd":
            made = client.post("/entries", data={"guest": guest, "words": "Splendid."}, follow_redirects=True)
            assert made.json["guest"] == guest
        page = client.get("/?per_page=2").json
        assert ([entry["guest"] for entry in page["entries"]], page["pages"]) == (["Cyd", "Bob"], 2)
        assert client.get("/entries/9").status_code == 404
        assert client.get("/export").text == "Ada: Splendid.\nBob: Splendid.\nCyd: Splendid.\n"
