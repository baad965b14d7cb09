"""The remember-me cookie."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import pytest

from demijohn.ext.login import decode_cookie, encode_cookie, login_remembered, user_loaded_from_cookie

# What Flask-Login 0.6.3 makes of the payload "1" with the key "deterministic".
KNOWN = (
    "1|0e9e6e9855fbe6df7906ec4737578a1d491b38d3fd5246c1561016e189d6516"
    "043286501ca43257c938e60aad77acec5ce916b94ca9d00c0bb6f9883ae4b82ae"
)


def remembered(client, name="remember_token"):
    """The cookie, after the browser was closed: without the session."""
    with client.session_transaction() as kept:
        kept.clear()
    return client.get_cookie(name)


def test_the_value_is_flask_logins_byte_for_byte(site):
    with site.app.test_request_context():
        assert encode_cookie("1", key="deterministic") == KNOWN
        assert decode_cookie(KNOWN, key="deterministic") == "1"


@pytest.mark.parametrize(
    "value", ["", "1", "1|", "1|bad", "1|" + "é" * 128, "1|" + "\udcff", "x" * 5000 + "|y"]
)
def test_a_value_that_was_not_signed_is_nothing(site, value):
    with site.app.test_request_context():
        assert decode_cookie(value) is None


def test_case_32_a_changed_identifier_is_nothing(site):
    with site.app.test_request_context():
        assert decode_cookie(encode_cookie("1").replace("1|", "2|", 1)) is None


def test_case_31_an_old_key_still_verifies_and_the_new_one_signs(site):
    with site.app.test_request_context():
        old = encode_cookie("1")
        site.app.config.update(SECRET_KEY="newer", SECRET_KEY_FALLBACKS=["older", "the key of these tests"])
        assert decode_cookie(old) == "1"
        expected = hmac.new(b"newer", b"1", "sha512").hexdigest()
        assert encode_cookie("1") == f"1|{expected}"


@pytest.mark.parametrize("old", ["the key of these tests", b"the key of these tests"])
def test_a_single_old_key_is_one_key_and_not_its_letters(site, old):
    with site.app.test_request_context():
        kept, forged = encode_cookie("1"), encode_cookie("1", key="t")
        site.app.config.update(SECRET_KEY="newer", SECRET_KEY_FALLBACKS=old)
        assert decode_cookie(kept) == "1"
        assert decode_cookie(forged) is None


def test_a_browser_is_remembered_and_the_login_is_not_fresh(every_site):
    client = every_site.client
    client.get("/in/1?remember")
    assert remembered(client)
    heard = []
    with user_loaded_from_cookie.connected_to(lambda app, user: heard.append(user.name)):
        assert client.get("/who").text == "Ada"
    assert heard == ["Ada"]
    assert client.get("/fresh").status_code == 401
    assert client.get("/secret").status_code == 200


def test_a_login_that_shall_not_be_remembered_is_not(every_site):
    every_site.client.get("/in/1")
    assert remembered(every_site.client) is None
    assert every_site.client.get("/who").text == "nobody"


def test_a_logout_forgets_the_browser(every_site):
    every_site.client.get("/in/1?remember")
    every_site.client.get("/out")
    assert remembered(every_site.client) is None
    assert every_site.client.get("/who").text == "nobody"


def test_the_cookie_is_as_well_protected_as_the_session(site):
    cookie = (
        site.app.test_client()
        .get("/in/1?remember", base_url="https://shop.example")
        .headers.getlist("Set-Cookie")
    )
    cookie = next(c for c in cookie if c.startswith("remember_token"))
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_settings_name_place_and_time_it(site):
    site.app.config.update(
        REMEMBER_COOKIE_NAME="me",
        REMEMBER_COOKIE_PATH="/who",
        REMEMBER_COOKIE_DURATION=60,
        REMEMBER_COOKIE_SAMESITE="Strict",
    )
    client = site.app.test_client()
    client.get("/in/1?remember")
    cookie = client.get_cookie("me", path="/who")
    assert cookie.same_site == "Strict"
    assert abs(cookie.expires - datetime.now(UTC) - timedelta(seconds=60)) < timedelta(seconds=10)


def test_it_is_renewed_by_requests_that_ask_for_the_user_when_so_set(site):
    client = site.app.test_client()
    client.get("/in/1?remember")
    assert "Set-Cookie" not in client.get("/who").headers
    site.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    assert "remember_token=" in client.get("/who").headers["Set-Cookie"]
    assert "Set-Cookie" not in client.get("/plain").headers


def test_a_duration_that_is_none_is_told_also_when_it_is_set_late(site):
    site.app.test_client().get("/plain")
    site.app.config["REMEMBER_COOKIE_DURATION"] = "long"
    with pytest.raises(TypeError, match="REMEMBER_COOKIE_DURATION must be a datetime.timedelta.*long"):
        site.app.test_client().get("/in/1?remember")


def test_whether_the_browser_is_remembered_can_be_asked(site):
    site.app.add_url_rule("/remembered", "remembered", lambda: str(login_remembered()))
    client = site.app.test_client()
    assert client.get("/remembered").text == "False"
    client.get("/in/1?remember")
    assert client.get("/remembered").text == "True"
    client.set_cookie("remember_token", "1|forged")
    assert client.get("/remembered").text == "False"


def test_who_did_not_ask_to_be_remembered_is_not(every_site):
    every_site.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    every_site.client.get("/in/1")
    assert every_site.client.get("/who").text == "Ada"
    assert remembered(every_site.client) is None


@pytest.mark.parametrize("cookie", ["1|0000", "theirs"])
def test_a_cookie_that_is_not_this_logins_is_not_renewed(site, cookie):
    site.app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    client = site.app.test_client()
    client.get("/in/1")
    with site.app.test_request_context():
        client.set_cookie("remember_token", encode_cookie("2") if cookie == "theirs" else cookie)
    assert not any("remember_token" in field for field in client.get("/who").headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("cookie", ["1|0000", "of a user who is gone"])
def test_a_cookie_that_is_no_good_counts_as_none(every_site, cookie):
    keys = {"Ada's": every_site.users["1"]}
    every_site.manager.request_loader(lambda request: keys.get(request.headers.get("X-API-Key")))
    if cookie != "1|0000":
        with every_site.app.test_request_context():
            cookie = encode_cookie("7")
    every_site.client.set_cookie("remember_token", cookie)
    assert every_site.client.get("/secret", headers={"X-API-Key": "Ada's"}).text == "secret of Ada"
    assert every_site.client.get("/secret", headers={"X-API-Key": "nobody's"}).status_code == 401


def test_strong_protection_keeps_a_remembered_browser_and_no_other(every_site):
    every_site.manager.session_protection = "strong"
    client = every_site.client
    client.get("/in/1?remember", headers={"User-Agent": "hers"})
    assert remembered(client)
    for _ in range(3):
        assert client.get("/who", headers={"User-Agent": "hers"}).text == "Ada"
    client.delete_cookie("remember_token")
    assert client.get("/who", headers={"User-Agent": "another"}).text == "nobody"


def test_strong_protection_lets_a_session_of_nobody_be_remembered(site):
    site.manager.session_protection = "strong"
    client = site.app.test_client()
    client.get("/in/1?remember")
    remembered(client)
    with client.session_transaction() as kept:
        kept["cart"] = ["port"]
    assert [client.get("/who").text for _ in range(3)] == ["Ada"] * 3


def test_the_first_request_of_a_remembered_browser_is_not_fresh_either(every_site):
    client = every_site.client
    client.get("/in/1?remember")
    assert remembered(client)
    assert client.get("/fresh").status_code == 401
