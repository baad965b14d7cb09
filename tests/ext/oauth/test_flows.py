"""Signing in with a real provider on loopback: the ways that lead in, and those that do not."""

from __future__ import annotations

import pytest
from tests.ext.oauth.conftest import Browser, fields, tampered

from demijohn.ext.oauth import oauth_authorized, oauth_error


@pytest.fixture
def errors():
    told = []

    def hear(sender, **values):
        told.append(values)

    with oauth_error.connected_to(hear):
        yield told


def token_requests(provider):
    return provider.asked.count(("POST", "/token"))


def test_openid_connect_signs_in_and_comes_back_to_the_page_asked_for(browser, app):
    answer = browser.client.get("/me")
    assert answer.location == "/login/house?next=/me"
    answer = browser.sign_in(answer.location)
    assert (answer.status_code, answer.location) == (302, "/me")
    assert browser.client.get("/me").json["email"] == "ada@cellar.example"
    assert browser.client.get("/me-async").json["sub"] == "id-of-ada"


def test_oauth_2_signs_in(browser, app):
    assert browser.sign_in("/login/plain").location == "/done"


def test_oauth_1_signs_in_with_the_secret_of_its_request_token(browser, app):
    assert browser.sign_in("/login/old").location == "/done"
    assert browser.client.get("/old").json == {"id_str": "7", "name": "ada"}
    assert browser.client.get("/old-async").json["name"] == "ada"


def test_the_request_to_the_provider_has_state_nonce_and_s256(browser):
    asked = fields(browser.begin())
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 22
    assert len(asked["nonce"]) >= 22
    assert asked["response_type"] == "code"


def test_case_66_a_state_is_good_for_once(browser, provider):
    back = browser.consent(browser.begin())
    assert browser.back(back).status_code == 302
    asked = token_requests(provider)
    answer = browser.back(back)
    assert answer.status_code == 400
    assert 'href="/login/house"' in answer.text
    assert token_requests(provider) == asked


def test_case_66_a_state_whose_cookie_is_sent_again_is_used_up(browser, provider):
    address = browser.begin()
    cookie = next(c for c in browser.client._cookies.values() if c.key.startswith("oauth_flow_"))
    back = browser.consent(address)
    assert browser.back(back).status_code == 302
    browser.client.set_cookie(cookie.key, cookie.value, path=cookie.path)
    assert browser.back(back).status_code == 400


def test_case_66_a_state_of_another_browser_is_unknown(browser, app, provider):
    back = browser.consent(browser.begin())
    stranger = Browser(app.test_client())
    assert stranger.back(back).status_code == 400
    assert token_requests(provider) == 0


@pytest.mark.parametrize(
    "changes", [{"state": None}, {"state": "x" * 5000}, {"state": "%00"}, {"state": "\u2603"}]
)
def test_case_66_no_state_or_a_made_up_one_is_a_page(browser, provider, changes):
    back = tampered(browser.consent(browser.begin()), **changes)
    assert browser.back(back).status_code == 400
    assert token_requests(provider) == 0


def test_case_66_a_state_of_one_provider_is_none_of_anothers(browser, provider):
    back = browser.consent(browser.begin("/login/plain"))
    assert browser.back(back.replace("/login/plain/", "/login/house/")).status_code == 400
    assert token_requests(provider) == 0


def test_a_state_expires_after_ten_minutes(browser, monkeypatch):
    import time

    back = browser.consent(browser.begin())
    now = time.time()
    monkeypatch.setattr("demijohn.ext.oauth.flows.time.time", lambda: now + 601)
    assert browser.back(back).status_code == 400


def test_ten_tabs_come_home_in_any_order_and_the_eleventh_pushes_out_the_first(browser):
    addresses = [browser.begin(f"/login/house?next=/done?tab={tab}") for tab in range(11)]
    backs = [browser.consent(address) for address in addresses]
    for tab in reversed(range(1, 11)):
        assert browser.back(backs[tab]).location == f"/done?tab={tab}"
    assert browser.back(backs[0]).status_code == 400


def test_tabs_that_begin_at_the_same_moment_all_come_home(app):
    """Each has the same cookies when it begins, and so would overwrite what the others put into one."""
    browser = Browser(app.test_client())
    begun = [Browser(app.test_client()) for _ in range(5)]
    backs = [tab.consent(tab.begin()) for tab in begun]
    for tab in begun:
        for cookie in tab.client._cookies.values():
            browser.client.set_cookie(cookie.key, cookie.value, path=cookie.path)
    assert [browser.back(back).status_code for back in backs] == [302] * 5


def test_a_denial_is_a_page_that_offers_to_begin_again(browser, provider):
    back = tampered(
        browser.consent(browser.begin(), confirm="no"), error_description="<script>alert(1)</script>"
    )
    answer = browser.back(back)
    assert answer.status_code == 403
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert 'href="/login/house"' in answer.text
    assert token_requests(provider) == 0


def test_a_denial_with_receivers_is_their_response_or_the_page_of_the_blueprint(browser, errors, app):
    answer = browser.back(browser.consent(browser.begin(), confirm="no"))
    assert (answer.status_code, answer.location) == (302, "/done")
    assert errors[0]["error"] == "access_denied"

    def teapot(sender, **values):
        return app.response_class("no", 418)

    with oauth_error.connected_to(teapot):
        assert browser.back(browser.consent(browser.begin(), confirm="no")).status_code == 418


def test_a_denial_by_oauth_1_is_a_page_too(browser):
    assert browser.sign_in("/login/old", confirm="no").status_code == 403


def test_an_error_that_comes_with_the_state_of_nobody_is_no_providers(browser):
    assert browser.client.get("/login/house/authorized?error=server_error&state=made-up").status_code == 400


def test_an_expired_code_is_an_error_of_the_provider(browser, provider, errors):
    provider.code_lifetime = -1
    assert browser.sign_in().status_code == 302
    assert errors[0]["error"] == "invalid_grant"


def test_an_error_of_the_provider_is_502_and_no_loop(browser, provider):
    provider.code_lifetime = -1
    answer = browser.sign_in()
    assert answer.status_code == 502
    assert "invalid_grant" in answer.text


def test_case_67_a_code_without_the_right_verifier_is_refused(browser, app, provider, errors):
    """Another's code is brought to a flow that this browser began, as in code injection."""
    stranger = Browser(app.test_client())
    theirs = fields(stranger.consent(stranger.begin()))
    mine = browser.consent(browser.begin())
    browser.back(tampered(mine, code=theirs["code"]))
    assert errors[0]["error"] == "invalid_grant"
    assert browser.client.get("/me").status_code == 302


def test_case_67_an_answer_of_another_issuer_is_refused_before_its_code_is_used(browser, provider):
    back = browser.consent(browser.begin())
    assert browser.back(tampered(back, iss="https://evil.example")).status_code == 502
    assert browser.back(tampered(browser.consent(browser.begin()), iss=None)).status_code == 502
    assert token_requests(provider) == 0


@pytest.mark.parametrize(
    "page",
    [
        "//e.example",
        "/\\e.example",
        "https:e.example",
        "javascript:alert(1)",
        "https://e.example/",
        "\x01//e",
    ],
)
def test_case_69_a_page_elsewhere_is_not_gone_to(browser, page):
    from urllib.parse import quote

    assert browser.sign_in(f"/login/house?next={quote(page)}").location == "/done"


def test_a_receiver_may_answer_and_may_keep_a_token_from_being_stored(browser, app):
    def answer(sender, token):
        return app.response_class("mine", 299)

    with oauth_authorized.connected_to(answer):
        assert browser.sign_in().status_code == 299
    assert browser.client.get("/me").status_code == 302
    with oauth_authorized.connected_to(lambda sender, token: False):
        assert browser.sign_in().location == "/done"
    assert browser.client.get("/me").status_code == 302


def test_an_async_receiver_is_awaited(browser):
    told = []

    async def hear(sender, token):
        told.append(sorted(token))

    with oauth_authorized.connected_to(hear):
        browser.sign_in()
    assert "access_token" in told[0]


def test_a_code_that_is_missing_is_an_error_and_no_exception(browser):
    assert browser.back(tampered(browser.consent(browser.begin()), code=None)).status_code == 502
