"""What the policy of an application says of logins: each difference from Flask-Login can be taken back by itself."""

from __future__ import annotations

from urllib.parse import urlunsplit

from demijohn import Flask
from demijohn.ext.login import LoginManager, current_user, login_required, make_next_param
from demijohn.ext.login.remember import cookie_attributes


def without(app: Flask, difference: str) -> None:
    app.policy = app.policy.replace(**{difference: False})


def test_requests_of_one_application_context_may_share_their_user(site):
    without(site.app, "user_per_request")
    with site.app.app_context():
        assert site.app.test_client().get("/in/1").text == "True"
        assert site.app.test_client().get("/who").text == "Ada"


def test_the_remember_me_cookie_may_be_renewed_by_requests_that_ask_for_nobody(new_site):
    renewed = {}
    for on_demand in (True, False):
        site = new_site()
        site.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
        if not on_demand:
            without(site.app, "remember_on_demand")
            LoginManager(site.app).user_loader(site.find)
        client = site.app.test_client()
        client.get("/in/1?remember")
        renewed[on_demand] = "remember_token" in str(client.get("/plain").headers.getlist("Set-Cookie"))
    assert renewed == {True: False, False: True}


def test_a_login_that_is_not_remembered_may_get_the_cookie_with_the_renewal(new_site):
    renewed = {}
    for on_demand in (True, False):
        site = new_site()
        site.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
        if not on_demand:
            without(site.app, "remember_on_demand")
        client = site.app.test_client()
        client.get("/in/1")
        renewed[on_demand] = "remember_token" in str(client.get("/who").headers.getlist("Set-Cookie"))
    assert renewed == {True: False, False: True}


def test_with_a_look_at_each_response_the_cookie_is_set_once(site):
    without(site.app, "remember_on_demand")
    LoginManager(site.app).user_loader(site.find)
    answer = site.app.test_client().get("/in/1?remember")
    assert [field.partition("=")[0] for field in answer.headers.getlist("Set-Cookie")].count(
        "remember_token"
    ) == 1


def test_the_remember_me_cookie_need_not_be_as_the_session_is(site):
    site.app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Strict")
    with site.app.test_request_context():
        before = cookie_attributes()
        without(site.app, "remember_as_session")
        after = cookie_attributes()
    assert (before["secure"], before["samesite"]) == (True, "Strict")
    assert (after["secure"], after["samesite"]) == (False, None)


def test_the_address_may_be_what_the_client_says_of_itself(site):
    without(site.app, "trusted_peer_address")
    site.manager.session_protection = "strong"
    client = site.app.test_client()
    client.get("/in/1", headers={"X-Forwarded-For": "10.1.1.1"})
    assert client.get("/who", headers={"X-Forwarded-For": "10.1.1.1"}).text == "Ada"
    assert client.get("/who", headers={"X-Forwarded-For": "10.1.1.2"}).text == "nobody"


def test_the_page_to_come_back_to_may_stay_as_it_was_sent(site):
    without(site.app, "clean_next_page")
    with site.app.test_request_context():
        # Pythons differ in how they write a path that begins with two slashes.
        as_sent = urlunsplit(("", "", "//e.example/x", "", ""))
        assert make_next_param("/login", "http://localhost//e.example/x") == as_sent


def test_a_manager_of_two_applications_goes_by_the_policy_of_each(site):
    other = Flask("other")
    other.secret_key, other.testing = "another key of these tests", True
    without(other, "remember_on_demand")
    site.manager.init_app(other)
    other.add_url_rule("/in/<id>", "in", site.log_in)
    other.add_url_rule("/who", "who", login_required(lambda: current_user.name))
    for app in (site.app, other):
        client = app.test_client()
        client.get("/in/1?remember")
        assert client.get_cookie("remember_token")
