"""The whole cellar over real HTTP: Granian over WSGI, ASGI and RSGI, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import re

import httpx
import pytest
from tests.support.servers import serve

from .conftest import BOTTLE, KEY, PASSWORD, PNG, POSTGRESQL, ROOT, TYPED, errors_in

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture(params=["sqlite", POSTGRESQL])
def kind(request):
    return request.param


@pytest.fixture(params=["granian-wsgi", "granian-asgi", "granian-rsgi"])
def server(request, folder, address):
    env = {
        "CELLAR_DATABASE_URL": address,
        "CELLAR_DATA_FOLDER": str(folder),
        "CELLAR_SECRET_KEY": KEY,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples" / "cellar")]),
    }
    with serve("cellar:create_app", request.param, env=env, ready="/healthz", factory=True) as running:
        yield running


@pytest.fixture
def visit(server):
    """Opens browsers without scripts: they keep cookies, and follow no redirect by themselves."""
    opened = []

    def visit(**options):
        client = httpx.Client(base_url=server.url, timeout=60, trust_env=False, **options)
        opened.append(client)
        return client

    yield visit
    for client in opened:
        client.close()


def submit(client, path, data=None, **more):
    """Send a form with the token of the page that it stands on."""
    page = client.get(path)
    if page.status_code != 200:
        page = client.get("/auth/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    return client.post(path, data={"csrf_token": token, **(data or {})}, **more)


def test_a_visit_from_the_door_to_the_last_bottle(visit):
    """Sign up, add a bottle with a photo after a slip, find it, open it, remove it, sign out and in."""
    emil = visit()
    asked = emil.get("/bottles/new?colour=white")
    assert asked.status_code == 302
    joined = submit(
        emil,
        asked.headers["Location"].replace("sign-in", "sign-up"),
        {"name": "Emil", "password": PASSWORD, "remember": "1"},
    )
    assert joined.headers["Location"] == "/bottles/new?colour=white"

    photo = {"photo": ("label.png", PNG, "image/png")}
    slip = submit(emil, "/bottles/new", {**BOTTLE, "price": "a lot"}, files=photo)
    assert slip.status_code == 422
    assert errors_in(slip.text) == {"price": "Give an amount such as 24.50."}
    assert 'value="Domaine Test"' in slip.text
    kept = re.search(r'name="kept_photo" value="([^"]+)"', slip.text)[1]
    added = submit(emil, "/bottles/new", {**BOTTLE, "kept_photo": kept})
    assert added.status_code == 303
    bottle = added.headers["Location"]
    page = emil.get(bottle).text
    assert "Haut Plateau is in the cellar." in page
    picture = emil.get(re.search(r'src="(/bottles/photos/[^"]+)"', page)[1])
    assert (picture.content, picture.headers["Content-Type"]) == (PNG, "image/png")

    assert 'href="/bottles/35"' in emil.get("/bottles/", params={"q": "savagnin jura"}).text
    assert "Haut Plateau" in emil.get("/bottles/bottles.csv").text
    assert emil.get("/api/bottles", params={"sort": "name", "page": 2}).json()["page"] == 2
    assert "Emil" in emil.get("/live/").text
    for _ in range(2):
        assert submit(emil, f"{bottle}/open", {"rating": "4", "note": "Walnut."}).status_code == 303
    none_left = submit(emil, f"{bottle}/open", {"rating": "4", "note": "Again?"})
    assert none_left.status_code == 422
    assert "Again?</textarea>" in none_left.text
    assert emil.get(f"/api{bottle}").json()["stock"] == 0
    assert submit(emil, f"{bottle}/remove").status_code == 303
    assert emil.get(bottle).status_code == 404

    emil.cookies.delete("cellar")
    assert emil.get("/racks/new").status_code == 200, "the browser was to be remembered"
    assert submit(emil, "/auth/sign-out").status_code == 303
    assert emil.get("/racks/new").status_code == 302
    assert submit(emil, "/auth/sign-in", {"name": "EMIL", "password": PASSWORD}).status_code == 302
    assert emil.get("/racks/new").status_code == 200


def test_a_program_with_a_token(visit):
    program = visit()
    answer = program.post("/api/token", json={"name": "Cleo", "password": PASSWORD})
    program.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    added = program.post("/api/bottles", json={**TYPED, "count": 1})
    assert added.status_code == 201
    opened = program.post(f"{added.headers['Location']}/open", json={"rating": 5, "note": "Walnut."})
    assert opened.json()["bottle"]["stock"] == 0
    assert not program.cookies


WRONG = [
    ("GET", "/nowhere", {}, 404),
    ("GET", "/bottles/99999", {}, 404),
    ("GET", "/bottles/?page=99", {}, 404),
    ("GET", "/bottles/?sort=;DROP", {}, 400),
    ("GET", "/bottles/?q=%00%ff", {}, 200),
    ("GET", "/bottles/photos/..%2fsecret_key", {}, 404),
    ("DELETE", "/bottles/1", {}, 405),
    ("POST", "/bottles/1/open", {"data": {"rating": "5"}}, 403),
    ("POST", "/auth/sign-in", {"content": b"\xff=\x00", "headers": {"Content-Type": "text/plain"}}, 403),
    ("POST", "/bottles/new", {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, 403),
    ("POST", "/archives/", {}, 403),
    ("POST", "/live/glasses/1", {}, 403),
    ("GET", "/archives/", {}, 302),
    ("GET", "/jobs/rubbish", {}, 404),
    ("GET", "/jobs/rubbish/events", {}, 404),
    ("GET", "/almanac/nothing", {}, 404),
    ("POST", "/bottles/new", {"content": b"x" * 4_000_001}, 413),
    ("POST", "/api/token", {"content": b"{"}, 415),
    ("POST", "/api/token", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ("POST", "/api/token", {"json": ["Cleo"]}, 422),
    ("POST", "/api/token", {"json": {"name": "Cleo", "password": "wrong"}}, 401),
    ("POST", "/api/v2/bottles", {"json": TYPED}, 401),
    ("GET", "/api/bottles?page=0", {}, 422),
    ("GET", "/api/v2/bottles?vintage=99999999999999999999", {}, 422),
    ("GET", "/", {"headers": {"Cookie": "cellar=rubbish; cellar_remember=1|x"}}, 200),
    ("POST", "/api/bottles/1/open", {"json": {}, "headers": {"Authorization": "Bearer rubbish"}}, 401),
]


def test_wrong_input_is_told_and_the_next_visitor_is_served(visit, server):
    client = visit()
    client.headers["Connection"] = "close"  # a server that leaves a refused body unread closes anyway
    got = []
    for method, path, options, _ in WRONG:
        answer = client.request(method, path, **options)
        got.append((method, path, answer.status_code))
        if answer.status_code >= 400:
            kind = "application/problem+json" if path.startswith("/api/") else "text/html; charset=utf-8"
            kind = "text/plain; charset=utf-8" if path.startswith("/almanac/") else kind
            assert answer.headers["Content-Type"] == kind, (method, path)
    assert got == [(method, path, status) for method, path, _, status in WRONG]
    assert client.get("/").status_code == 200
    assert "Traceback" not in server.log
