"""As in Flask-Dance, one difference at a time: one state for each blueprint, and tokens that can be read."""

from __future__ import annotations

from tests.ext.oauth.conftest import Browser, fields

from demijohn.ext.oauth import make_github_blueprint


def test_one_state_for_each_blueprint_is_in_the_session(app):
    app.policy = app.policy.replace(kept_flows=False)
    browser = Browser(app.test_client())
    address = browser.begin("/login/plain")
    with browser.client.session_transaction() as kept:
        assert kept["plain_oauth_state"] == fields(address)["state"]
    assert "code_challenge" not in address
    browser.begin("/login/plain")
    # The second pushed out the first, and who comes without any is sent to sign in.
    assert browser.back(browser.consent(address)).status_code == 400
    assert browser.client.get("/login/plain/authorized?code=x").location == "/login/plain"
    assert browser.client.get("/login/plain/authorized?error=access_denied").location == "/done"


def test_plain_http_is_not_looked_at(app):
    app.policy = app.policy.replace(kept_flows=False)
    app.register_blueprint(make_github_blueprint("a", "b"))
    answer = app.test_client().get("/github", base_url="http://a.example")
    assert fields(answer.location)["redirect_uri"] == "http://a.example/github/authorized"


def test_a_token_is_in_the_session_as_it_came(app, provider):
    app.policy = app.policy.replace(sealed_tokens=False)
    browser = Browser(app.test_client())
    browser.sign_in("/login/plain")
    with browser.client.session_transaction() as kept:
        assert kept["plain_oauth_token"]["access_token"] == provider.tokens[0].access_token


def test_a_token_that_flask_dance_has_stored_is_read(app):
    browser = Browser(app.test_client())
    with browser.client.session_transaction() as kept:
        kept["plain_oauth_token"] = {"access_token": "theirs", "token_type": "bearer"}
    with browser.client.session_transaction() as kept, app.test_request_context() as ctx:
        ctx.session.update(kept)
        assert app.plain.session.access_token == "theirs"
