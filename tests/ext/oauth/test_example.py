"""examples/oauth, used as its visitors use it."""

from __future__ import annotations

import sys

import pytest
from tests.ext.oauth.conftest import Browser, load


@pytest.fixture(params=["wsgi", "asgi"])
def browser(provider, monkeypatch, request):
    monkeypatch.setenv("ISSUER", provider.issuer)
    module = load("app")
    yield Browser(module.app.test_client(protocol=request.param))
    sys.modules.pop(module.__name__)


def test_one_signs_in_is_known_and_signs_out_at_both(browser, provider):
    asked = browser.client.get("/cellar")
    assert asked.location == "/login/house?next=%2Fcellar"
    assert browser.sign_in(asked.location).location == "/cellar"
    found = browser.client.get("/cellar").json
    assert (found["user"], found["told"]["email"]) == ("house:id-of-ada", "ada@cellar.example")
    assert "ada@cellar.example" in browser.client.get("/").text
    away = browser.client.post("/sign-out")
    assert away.location.startswith(f"{provider.issuer}/logout?")
    assert provider.tokens[0].refresh_revoked
    assert "Sign in with the house" in browser.client.get("/").text
