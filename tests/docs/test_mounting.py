"""The files in docs/examples/mounting do what the page about mounting says."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.docs.conftest import EXAMPLES

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


@pytest.fixture(params=PROTOCOLS)
def client(request, load_example):
    app = load_example("mounting/portal").app
    with app.test_client(protocol=request.param, lifespan=True) as client:
        yield client
    for name in ("old_shop", "others"):
        sys.modules.pop(name, None)


def test_addresses_lead_to_what_is_mounted(client):
    assert client.get("/").json == {
        "bottle": "/old/bottles/3", "picture": "/old/assets/label.svg", "metrics": "/metrics/",
    }  # fmt: skip
    assert client.get("/old/bottles/3").json == {"bottle": 3, "cellar": "open", "home": "/"}
    assert client.get("/old/latest").location == "/old/bottles/3"


def test_pages_and_cookies_are_the_mounted_applications(client):
    assert client.get("/old/nothing").text == "The old shop has no such page."
    assert "Path=/old" in client.get("/old/bottles/3").headers["Set-Cookie"]


def test_others_answer_by_their_own_protocols(client):
    assert client.get("/metrics").location == "/metrics/"
    assert client.get("/metrics/").text == "requests_total 1\n"
    assert client.get("/count/").text == "1 so far, below /count"
    assert client.get("/count/").text == "2 so far, below /count"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["old", "count"], "3 bottles"), (["routes"], "/old/bottles/<int:id>"), (["old", "--help"], "count")],
)
def test_commands_of_what_is_mounted_are_run(arguments, said):
    command = [sys.executable, "-m", "demijohn", "--app", "portal:app", *arguments]
    done = subprocess.run(
        command, cwd=EXAMPLES / "mounting", capture_output=True, text=True, timeout=60, check=True
    )
    assert said in done.stdout
