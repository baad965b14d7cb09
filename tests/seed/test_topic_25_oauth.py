"""Topic 25: signing in with GitHub, whose place the example's provider on loopback takes."""

from __future__ import annotations

import pytest
import requests
from tests.ext.oauth.conftest import Browser, Serving, provider, providers  # noqa: F401 (a fixture)


@pytest.fixture
def app(load, provider):  # noqa: F811 (the fixture)
    module = load("topic_25_oauth")
    client = providers.Client("your-github-client-id", "your-github-client-secret")
    provider.clients[client.client_id] = client
    blueprint = module.github_blueprint
    blueprint.base_url = provider.issuer
    blueprint.authorization_url = f"{provider.issuer}/authorize"
    blueprint.token_url = f"{provider.issuer}/token"
    return module.app


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_visitor_is_sent_to_the_provider_and_named_when_they_come_back(app, protocol):
    browser = Browser(app.test_client(protocol=protocol))
    answer = browser.client.get("/")
    assert (answer.status_code, answer.location) == (302, "/login/github")
    assert browser.sign_in("/login/github").location == "/"
    assert browser.client.get("/").text == "You are @ada on GitHub"


def test_it_does_over_a_socket(app):
    serving = Serving(app)
    visitor = requests.Session()
    try:
        page = visitor.get(serving.url, timeout=10)
        assert page.url.startswith(app.blueprints["github"].authorization_url)
        address, _, query = page.url.partition("?")
        form = dict(part.split("=", 1) for part in query.split("&"))
        form = {name: requests.utils.unquote(value) for name, value in form.items()}
        last = visitor.post(address, data={**form, "user": "ada", "confirm": "yes"}, timeout=10)
        assert last.text == "You are @ada on GitHub"
    finally:
        serving.stop()
