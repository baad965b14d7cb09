"""The examples of the pages about browsers, other sites, limits and the check do what the pages say."""

from __future__ import annotations

import re

import pytest

from demijohn.cli.check import findings
from demijohn.testing import FlaskClient

CSP = "Content-Security-Policy"


@pytest.fixture(params=["wsgi", "asgi"])
def client(request, load_example):
    made = []

    def client_of(name):
        app = load_example(name).app
        made.append(FlaskClient(app, app.response_class, protocol=request.param))
        return made[-1]

    yield client_of
    for each in made:
        each.close()


def test_pages_and_their_policies(client):
    site = client("security/pages")
    answer = site.get("/", base_url="https://localhost")
    nonce = re.search(r'nonce="([^"]+)"', answer.text)[1]
    assert f"script-src 'self' 'nonce-{nonce}'" in answer.headers[CSP]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Permissions-Policy"] == "camera=()"
    assert "Cross-Origin-Opener-Policy" not in answer.headers
    assert "script-src 'unsafe-inline';" in site.get("/old").headers[CSP]
    assert CSP not in site.get("/embedded").headers


def test_what_is_shared_and_what_is_let_in(client):
    site = client("security/shared")
    shop = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    answer = site.post("/api/orders", headers=shop)
    assert (answer.json, answer.headers["Access-Control-Allow-Origin"]) == ([], "https://shop.example")
    assert site.get("/public/prices", headers=shop).headers["Access-Control-Allow-Origin"] == "*"
    assert site.post("/change", headers=shop).status_code == 403
    assert site.post("/change", headers={**shop, "Origin": "https://pay.example"}).text == "changed"
    assert site.post("/hooks/payment", headers=shop).text == "thanks"


def test_a_check_of_an_extension_s_own(load_example):
    app = load_example("security/checked").app
    with app.app_context():
        found = {finding.id for finding in findings(app)}
    assert "mail-from" in found
    assert "hsts" not in found


def test_limits(client):
    site = client("ratelimit/app")
    assert [site.post("/login").status_code for _ in range(6)] == [401] * 5 + [429]
    assert [site.get("/search").status_code for _ in range(6)] == [200] * 5 + [429]
    assert site.get("/search").text.startswith("Come back in ")
    assert {site.get("/health").status_code for _ in range(201)} == {200}
    assert [site.get("/").status_code for _ in range(201)].count(429) == 1
