"""Calls in a visitor's name: what users of Flask-Dance write in views and in tests."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from tests.ext.oauth.conftest import SECRET

from demijohn import Flask
from demijohn.ext import oauth
from demijohn.ext.oauth import (
    MemoryStorage,
    NullStorage,
    github,
    google,
    make_github_blueprint,
    make_google_blueprint,
    make_slack_blueprint,
    sign_in,
)  # fmt: skip
from demijohn.ext.oauth.providers import PROVIDERS

MAKERS = [name for name in oauth.__all__ if name.startswith("make_") and name != "make_oidc_blueprint"]


def make_app(*blueprints):
    app = Flask("relying", static_folder=None)
    app.secret_key = SECRET
    for blueprint in blueprints:
        app.register_blueprint(blueprint, url_prefix="/login")
    return app


@responses.activate
def test_a_call_is_requests_and_can_be_mocked_by_responses():
    responses.add(responses.GET, "https://api.github.com/user", json={"login": "ada"})
    app = make_app(make_github_blueprint(storage=MemoryStorage({"access_token": "x"})))
    with app.test_request_context():
        answer = github.get("/user")
    assert answer.ok
    assert answer.json() == {"login": "ada"}
    assert responses.calls[0].request.headers["Authorization"] == "Bearer x"


@responses.activate
def test_a_call_without_a_token_is_made_without_one():
    responses.add(responses.GET, "https://api.github.com/zen", body="quiet")
    with make_app(make_github_blueprint()).test_request_context():
        assert github.get("/zen").text == "quiet"
    assert "Authorization" not in responses.calls[0].request.headers


def test_a_proxy_says_which_blueprint_is_missing_and_where_there_is_no_application():
    with pytest.raises(RuntimeError):
        github.get("/user")
    with make_app().test_request_context(), pytest.raises(AttributeError, match="make_github_blueprint"):
        github.get("/user")


def test_an_option_that_nobody_knows_is_named_with_those_that_are():
    with pytest.raises(TypeError, match="'offlin'.*hosted_domain, offline"):
        make_google_blueprint(offlin=True)


def test_the_options_of_google():
    made = make_google_blueprint(
        offline=True, reprompt_consent=True, reprompt_select_account=True, hosted_domain="cellar.example"
    )
    assert made.authorization_url_params == {
        "access_type": "offline", "prompt": "consent select_account", "hd": "cellar.example"
    }  # fmt: skip
    with make_app(made).test_request_context():
        assert not google.authorized


def test_every_provider_of_the_table_has_a_maker_and_a_proxy():
    assert sorted(MAKERS) == sorted(f"make_{name}_blueprint" for name in PROVIDERS)
    assert set(PROVIDERS) <= set(oauth.__all__)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_address_of_the_table_is_https_and_complete(name):
    given = {"base_url": "https://jira.example/"} if name == "jira" else {}
    made = getattr(oauth, f"make_{name}_blueprint")(**given)
    tokens = made.access_token_url if name in ("jira", "twitter") else made.token_url
    for address in (made.base_url, made.authorization_url, tokens, getattr(made, "revocation_url", None)):
        assert address is None or (address.startswith("https://") and "{" not in address), address
    row = PROVIDERS[name]
    assert row.closed or row.documents.startswith("https://")
    assert row.compared


@pytest.mark.parametrize(
    ("name", "sent"), [("strava", "read,activity:read"), ("github", "read activity:read")]
)
def test_several_scopes_stand_as_the_provider_wants_them(name, sent):
    maker = getattr(oauth, f"make_{name}_blueprint")
    made = maker(client_id="shop", client_secret="secret", scope=["read", "activity:read"])
    answer = make_app(made).test_client().get(f"/login/{name}", base_url="https://cellar.example")
    assert parse_qs(urlsplit(answer.location).query)["scope"] == [sent]


@responses.activate
def test_slack_says_by_workspace_and_person_who_somebody_is():
    told = {
        "ok": True,
        "access_token": "xoxb",
        "token_type": "bot",
        "team": {"id": "T1"},
        "authed_user": {"id": "U2"},
    }
    made = make_slack_blueprint(client_id="shop", client_secret="secret", storage=NullStorage())
    responses.post(made.token_url, json=told)
    known = []
    sign_in(made, lambda who: who, known.append)
    client = make_app(made).test_client()
    asked = client.get("/login/slack", base_url="https://cellar.example").location
    state = parse_qs(urlsplit(asked).query)["state"][0]
    client.get(f"/login/slack/authorized?code=c&state={state}", base_url="https://cellar.example")
    assert [(who.key, who.email) for who in known] == [("slack:T1/U2", None)]
