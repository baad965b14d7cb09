"""The files that docs/quickstart.md shows do what the page says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).resolve().parents[2] / "docs" / "examples" / "quickstart"


@pytest.fixture
def client(request, load_example):
    """The test client of the example that the test names."""
    return load_example(f"quickstart/{request.param}").app.test_client()


@pytest.mark.parametrize("client", ["hello"], indirect=True)
def test_def_and_async_def_answer_alike(client):
    assert client.get("/").text == "Hello, World!"
    assert client.get("/later").json == {"message": "def and async def live side by side"}


@pytest.mark.parametrize("client", ["routes"], indirect=True)
def test_routes_take_parts_of_the_path(client):
    assert client.get("/").json == {"first": "/bottles/1", "search": "/search/red%20wine"}
    assert client.get("/bottles/3").text == "Bottle number 3"
    assert client.get("/bottles/three").status_code == 404
    assert client.get("/files/a/b.txt").text == "The file a/b.txt"
    assert client.post("/bottles/3").headers["Allow"].split(", ") >= ["GET"]


@pytest.mark.parametrize("client", ["pages"], indirect=True)
def test_a_template_escapes_what_it_shows(client):
    page = client.get("/hello/<Ada>").text
    assert "<h1>Hello, &lt;Ada&gt;!</h1>" in page
    assert "<li>Riesling</li>" in page


@pytest.mark.parametrize("client", ["orders"], indirect=True)
def test_a_request_brings_query_form_json_and_files(client):
    assert client.get("/search?words=red&limit=3").json == {"words": "red", "limit": 3}
    assert client.get("/search?limit=many").json == {"words": "", "limit": 10}
    assert client.post("/orders", data={"name": "Ada"}).json == {"for": "Ada", "bottles": 1}
    assert client.post("/orders", data={}).status_code == 400
    made = client.post("/api/orders", json={"bottles": 2})
    assert (made.status_code, made.json, made.headers["Location"]) == (201, {"bottles": 2}, "/orders/1")
    assert client.post("/api/orders", json={"bottles": 13}).status_code == 422
    assert client.post("/api/orders", data="{").status_code == 415
    with (QUICKSTART / "hello.py").open("rb") as picture:
        sent = client.post("/labels", data={"picture": (picture, "label.png")})
    assert sent.json == {"name": "label.png", "bytes": (QUICKSTART / "hello.py").stat().st_size}


@pytest.mark.parametrize("client", ["visits"], indirect=True)
def test_a_session_is_kept_between_requests(client):
    assert client.get("/").json == {"visits": 1, "messages": []}
    assert client.get("/").json["visits"] == 2
    forgotten = client.post("/forget", follow_redirects=True)
    assert forgotten.json == {"visits": 1, "messages": ["I have forgotten you."]}


@pytest.mark.parametrize("client", ["errors"], indirect=True)
def test_errors_become_answers(client):
    assert (client.get("/bottles/rioja").status_code, client.get("/bottles/rioja").json) == (
        409,
        {"error": "no rioja left"},
    )
    assert client.get("/bottles/nectar").json == {"error": "there is nothing here"}
    assert client.get("/nowhere").status_code == 404


@pytest.mark.parametrize("client", ["mixed"], indirect=True)
def test_sync_and_async_functions_share_a_request(client):
    assert client.get("/blocking").text == "slept in a thread"
    waited = client.get("/waiting")
    assert waited.text == "both at once"
    assert waited.headers["Server-Timing"].startswith("app;dur=")


def test_a_websocket_answers(load_example):
    client = load_example("quickstart/echo").app.test_client(protocol="asgi")
    with client.websocket("/echo") as socket:
        socket.send("hello")
        assert socket.receive() == "you said: hello"


def test_the_tests_of_the_guestbook_pass(tmp_path):
    """The page tells the reader to run pytest; this does it in a copy, away from our settings."""
    shutil.copytree(QUICKSTART / "guestbook", tmp_path / "guestbook")
    shutil.copy(QUICKSTART / "guestbook_test.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "guestbook_test.py"]
    env = {**os.environ, "PYTHONPATH": str(QUICKSTART.parents[2] / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
