"""Session protection: a session that turns up with another browser or address."""

from __future__ import annotations

from hashlib import sha512

import pytest

from demijohn import session
from demijohn.ext.login import login_user, session_protected

ELSEWHERE = {"User-Agent": "another browser"}


@pytest.fixture
def client(site):
    client = site.app.test_client()
    client.get("/in/1")
    return client


def test_basic_protection_makes_the_login_stale(client):
    assert client.get("/fresh", headers=ELSEWHERE).status_code == 401
    assert client.get("/secret").text == "secret of Ada"
    assert client.get("/fresh").status_code == 401


def test_strong_protection_ends_the_login_and_keeps_the_rest(client, site):
    site.app.config["SESSION_PROTECTION"] = "strong"
    with client.session_transaction() as kept:
        kept["cart"] = 3
    assert client.get("/who", headers=ELSEWHERE).text == "nobody"
    assert client.get("/who").text == "nobody"
    with client.session_transaction() as kept:
        assert kept["cart"] == 3


def test_strong_protection_also_forgets_the_browser(site):
    site.manager.session_protection = "strong"
    client = site.app.test_client()
    client.get("/in/1?remember")
    client.get("/who", headers=ELSEWHERE)
    assert client.get_cookie("remember_token") is None


def test_a_permanent_session_is_only_made_stale_by_strong_protection(client, site):
    site.app.config["SESSION_PROTECTION"] = "strong"
    with client.session_transaction() as kept:
        kept.permanent = True
    assert client.get("/who", headers=ELSEWHERE).text == "Ada"
    assert client.get("/fresh").status_code == 401


def test_without_protection_nothing_happens(client, site):
    site.app.config["SESSION_PROTECTION"] = None
    assert client.get("/fresh", headers=ELSEWHERE).status_code == 200


def test_a_signal_tells_of_it(client, site):
    heard = []
    with session_protected.connected_to(heard.append):
        client.get("/who")
        assert heard == []
        client.get("/who", headers=ELSEWHERE)
    assert heard == [site.app]


def test_case_4_a_header_anybody_can_send_is_not_the_address(client, site):
    """Flask-Login takes the first of X-Forwarded-For; here a proxy has to be trusted first."""
    site.app.config["SESSION_PROTECTION"] = "strong"
    assert client.get("/who", headers={"X-Forwarded-For": "10.1.1.1"}).text == "Ada"
    assert client.get("/who", environ_base={"REMOTE_ADDR": "10.1.1.1"}).text == "nobody"


def test_a_session_is_bound_as_flask_login_binds_it_so_the_two_know_each_others(site):
    with site.app.test_request_context(headers={"User-Agent": "x"}, environ_base={"REMOTE_ADDR": "10.0.0.1"}):
        login_user(site.users["1"])
        assert session["_id"] == sha512(b"b'10.0.0.1'|b'x'").hexdigest()
