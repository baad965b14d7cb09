"""What becomes of a token: kept, encrypted, renewed, ended, and never somebody else's."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from tests.ext.oauth.conftest import SECRET, Browser

from demijohn import session
from demijohn.ext.oauth import MemoryStorage, NullStorage, SessionStorage, TokenExpired
from demijohn.sessions.server_side import MemoryStore, Session


@pytest.fixture
def browser(app):
    return Browser(app.test_client())


def expire(browser, name="house"):
    """Let an hour pass, as far as the token in the session goes."""
    app = browser.client.application
    blueprint = getattr(app, name)
    with browser.client.session_transaction() as kept, app.test_request_context():
        session.update(kept)
        token = blueprint.storage.get(blueprint)
        token["expires_at"] = time.time() - 1
        blueprint.storage.set(blueprint, token)
        kept.update(session)


def test_nothing_of_a_token_can_be_read_in_the_session(browser, provider):
    browser.sign_in()
    token = provider.tokens[0]
    with browser.client.session_transaction() as kept:
        assert token.access_token not in str(dict(kept))
        assert token.refresh_token not in str(dict(kept))
        assert isinstance(kept["house_oauth_token"], str)


def test_a_token_outlives_a_change_of_keys(browser, app):
    browser.sign_in()
    app.config["SECRET_KEY_FALLBACKS"] = [SECRET]
    app.secret_key = "another key that is long enough for anybody"
    assert browser.client.get("/me").status_code == 200
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert browser.client.get("/me").status_code == 302


def test_a_token_that_was_tampered_with_is_none(browser):
    browser.sign_in()
    with browser.client.session_transaction() as kept:
        kept["house_oauth_token"] = kept["house_oauth_token"][:-2] + "AA"
    assert browser.client.get("/me").status_code == 302


@pytest.mark.parametrize("page", ["/me", "/me-async"])
def test_an_expired_token_is_renewed_before_a_call(browser, provider, page):
    browser.sign_in()
    first = provider.tokens[0]
    expire(browser)
    assert browser.client.get(page).json["sub"] == "id-of-ada"
    assert len(provider.tokens) == 2
    assert first.revoked
    # And is kept: the next call needs no third.
    assert browser.client.get(page).status_code == 200
    assert len(provider.tokens) == 2


def test_an_answer_without_a_refresh_token_keeps_the_old_one(browser, provider):
    provider.rotates = False
    browser.sign_in()
    for count in (2, 3):
        expire(browser)
        assert browser.client.get("/me").status_code == 200
        assert len(provider.tokens) == count
        provider.tokens[0].refresh_revoked = False


def test_invalid_grant_forgets_the_token(browser, provider):
    browser.sign_in()
    provider.tokens[0].refresh_revoked = True
    expire(browser)
    assert browser.client.get("/me").location == "/login/house?next=/me"
    with browser.client.session_transaction() as kept:
        assert "house_oauth_token" not in kept


def test_invalid_grant_in_a_call_is_a_page_that_offers_to_sign_in(browser, provider):
    browser.sign_in()
    provider.tokens[0].refresh_revoked = True
    expire(browser)
    answer = browser.client.get("/me-async")
    assert answer.status_code == 401
    assert 'href="/login/house?next=/me-async"' in answer.text
    assert browser.client.get("/me-async").status_code == 302


def test_a_revoked_token_is_what_the_provider_answers(browser, app, provider):
    browser.sign_in()
    provider.tokens[0].revoked = True
    assert browser.client.get("/status").text == "401"


def test_requests_that_find_a_token_expired_at_once_renew_it_once(browser, app, provider):
    browser.sign_in()
    expire(browser)
    cookies = [(c.key, c.value, c.path) for c in browser.client._cookies.values()]
    answers = []

    def call():
        client = app.test_client()
        for key, value, path in cookies:
            client.set_cookie(key, value, path=path)
        answers.append(client.get("/me").status_code)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert len(provider.tokens) == 2


def test_revoke_forgets_here_and_ends_there(browser, app, provider):
    @app.post("/out")
    def out():
        return str(app.house.revoke())

    assert browser.client.post("/out").text == "False"
    browser.sign_in()
    assert browser.client.post("/out").text == "True"
    assert provider.tokens[0].refresh_revoked
    assert browser.client.get("/me").status_code == 302


def test_logout_url_leads_over_the_provider_and_back(browser, app, provider):
    @app.get("/out")
    def out():
        return app.house.logout_url("/done")

    browser.sign_in()
    address = browser.client.get("/out").text
    assert address.startswith(f"{provider.issuer}/logout?id_token_hint=")
    back = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
    assert back == "http://localhost/done"


def test_logout_url_without_such_an_address_is_the_page_itself_and_never_one_elsewhere(
    browser, app, provider
):
    usual = provider.metadata
    provider.metadata = lambda: {k: v for k, v in usual().items() if k != "end_session_endpoint"}
    with app.test_request_context():
        assert app.house.logout_url("/done") == "/done"
        assert app.house.logout_url("https://evil.example/") == "/"


def test_a_token_too_large_for_a_cookie_is_a_page_and_no_loop(browser, provider, caplog):
    usual = provider.claims
    provider.claims = lambda *args: {**usual(*args), "groups": ["x" * 4000]}
    answer = browser.sign_in()
    assert answer.status_code == 500
    assert "too large" in answer.text
    assert "server-side sessions" in caplog.text
    assert browser.client.get("/done").text == "done"


def test_a_large_token_fits_into_a_session_on_the_server(make_app, provider):
    usual = provider.claims
    provider.claims = lambda *args: {**usual(*args), "groups": ["x" * 4000]}
    app = make_app()
    Session(app, MemoryStore())
    browser = Browser(app.test_client())
    assert browser.sign_in().location == "/done"
    assert browser.client.get("/me").status_code == 200


def test_the_token_of_one_user_is_not_the_next_ones_with_the_same_browser(make_app):
    current = ["ada"]
    app = make_app(storage=SessionStorage(user_id=lambda: current[0]))
    browser = Browser(app.test_client())
    browser.sign_in()
    assert browser.client.get("/me").status_code == 200
    for current[0] in ("bob", None):
        assert browser.client.get("/me").status_code == 302


def test_a_decorated_view_asks_for_the_token_of_its_own_visitor(app):
    """The decorator is taken from a session that is there when views are defined."""

    @app.get("/guarded")
    @app.house.session.authorization_required
    def guarded():
        return app.house.session.access_token

    @app.get("/guarded-async")
    @app.house.session.authorization_required
    async def guarded_async():
        return app.house.session.access_token

    ada, nobody = Browser(app.test_client()), Browser(app.test_client())
    ada.sign_in()
    for page in ("/guarded", "/guarded-async"):
        assert ada.client.get(page).status_code == 200
        assert nobody.client.get(page).location == f"/login/house?next={page}"


def test_two_visitors_at_once_have_their_own_tokens(app, provider):
    browsers = {name: Browser(app.test_client()) for name in ("ada", "bob")}
    for name, browser in browsers.items():
        browser.sign_in(user=name)
    found = {name: set() for name in browsers}

    def look(name):
        for _ in range(20):
            found[name].add(browsers[name].client.get("/me").json["sub"])

    threads = [threading.Thread(target=look, args=(name,)) for name in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"ada": {"id-of-ada"}, "bob": {"id-of-bob"}}


def test_storages_of_one_token_and_of_none(make_app):
    app = make_app(storage=MemoryStorage({"access_token": "x"}))
    with app.test_request_context():
        assert app.house.session.authorized
        assert app.house.session.access_token == "x"
        app.house.storage = NullStorage()
        app.house.token = {"access_token": "y"}
        assert not app.house.session.authorized


def test_a_token_that_has_expired_for_good_is_no_authorization(make_app):
    app = make_app(storage=MemoryStorage({"access_token": "x", "expires_at": 1}))
    with app.test_request_context():
        assert not app.house.session.authorized
        with pytest.raises(TokenExpired):
            app.house.session.get("/userinfo")


def test_no_secret_code_or_token_in_logs_and_reprs(browser, app, provider, caplog):
    caplog.set_level("DEBUG")
    logger_names = {"urllib3", "werkzeug", "authlib"}  # of the browser and the provider, which run here too
    browser.sign_in()
    expire(browser)
    browser.client.get("/me")
    provider.code_lifetime = -1
    answer = browser.sign_in()
    token = provider.tokens[-1]
    said = [record.getMessage() for record in caplog.records if record.name.split(".")[0] not in logger_names]
    with app.test_request_context():
        shown = "\n".join(
            [*said, answer.text, repr(app.house), repr(app.house.session), repr(app.house.issuer)]
        )
    for secret in ("cellar-secret", token.access_token, token.refresh_token, *provider.codes):
        assert secret not in shown
