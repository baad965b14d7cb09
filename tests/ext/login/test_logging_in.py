"""Logging in and out: the same whatever the views, the loader and the protocol are."""

from __future__ import annotations

import asyncio
import threading

import pytest

from demijohn import session
from demijohn.ext.login import (
    current_user,
    login_fresh,
    login_user,
    logout_user,
    user_accessed,
    user_logged_in,
    user_logged_out,
)


def test_nobody_is_logged_in_at_first(every_site):
    assert every_site.client.get("/who").text == "nobody"


def test_a_login_lasts_beyond_its_request(every_site):
    assert every_site.client.get("/in/1").text == "True"
    assert every_site.client.get("/who").text == "Ada"


def test_a_logout_ends_it(every_site):
    every_site.client.get("/in/1")
    assert every_site.client.get("/out").text == "True"
    assert every_site.client.get("/who").text == "nobody"


def test_an_inactive_user_is_not_logged_in(every_site):
    assert every_site.client.get("/in/2").text == "False"
    assert every_site.client.get("/who").text == "nobody"


def test_a_view_that_needs_a_login_is_closed_and_then_open(every_site):
    assert every_site.client.get("/secret").status_code == 401
    every_site.client.get("/in/1")
    assert every_site.client.get("/secret").text == "secret of Ada"


def test_a_view_that_needs_a_fresh_login_wants_it_confirmed(every_site):
    every_site.client.get("/in/1")
    with every_site.client.session_transaction() as kept:
        kept["_fresh"] = False
    assert every_site.client.get("/fresh").status_code == 401
    every_site.client.get("/confirm")
    assert every_site.client.get("/fresh").text == "fresh secret of Ada"


def test_the_user_is_loaded_once_per_request(every_site):
    every_site.client.get("/in/1")
    every_site.loads = 0
    every_site.client.get("/secret")
    assert every_site.loads == 1


def test_a_user_who_is_no_more_is_nobody(every_site):
    every_site.client.get("/in/1")
    every_site.users.clear()
    assert every_site.client.get("/who").text == "nobody"


def test_a_preflight_and_a_disabled_login_pass(every_site):
    assert every_site.client.options("/secret").status_code == 200
    every_site.app.config["LOGIN_DISABLED"] = True
    every_site.client.get("/in/1")
    assert every_site.client.get("/secret").status_code == 200


def test_a_page_that_does_not_ask_who_it_is_for_depends_on_no_cookie(every_site):
    """Whether or not the user was found ahead for an async view: shared caches may keep the page."""
    every_site.client.get("/in/1")
    answer = every_site.client.get("/plain")
    assert "Vary" not in answer.headers
    assert "Cache-Control" not in answer.headers
    assert every_site.client.get("/who").headers["Vary"] == "Cookie"


def test_signals_tell_what_happened(every_site):
    heard = []
    with (
        user_logged_in.connected_to(lambda app, user: heard.append(("in", user.name))),
        user_logged_out.connected_to(lambda app, user: heard.append(("out", user.name))),
        user_accessed.connected_to(lambda app: heard.append("accessed")),
    ):
        every_site.client.get("/in/1")
        every_site.client.get("/plain")
        every_site.client.get("/who")
        every_site.client.get("/out")
    assert heard == [("in", "Ada"), "accessed", "accessed", ("out", "Ada")]


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_receivers_of_signals_may_be_async(new_site, protocol):
    """Where a login cannot wait for one, on the event loop, it runs as a task."""
    site = new_site(True)
    heard = threading.Event()

    async def receiver(app, user):
        await asyncio.sleep(0)
        heard.set()

    with user_logged_in.connected_to(receiver), site.app.test_client(protocol=protocol) as client:
        client.get("/in/1")
        assert heard.wait(30)


def test_a_login_in_a_test_context_is_there_at_once(site):
    with site.app.test_request_context():
        login_user(site.users["1"], fresh=False)
        assert current_user.name == "Ada"
        assert site.manager.get_user() is site.users["1"]
        assert not login_fresh()
        logout_user()
        assert current_user.is_anonymous
        assert site.manager.get_user() is None
        assert not session


def test_an_inactive_user_can_be_forced_in(site):
    with site.app.test_request_context():
        assert login_user(site.users["2"], force=True)
        assert current_user.name == "Bob"


def test_there_is_no_user_outside_of_requests(site):
    assert not current_user
    with site.app.app_context():
        assert not current_user


def test_requests_inside_one_application_context_do_not_share_their_user(site):
    """They share `g`, and Flask-Login's first user would be everybody's."""
    with site.app.app_context():
        ada, other = site.app.test_client(), site.app.test_client()
        ada.get("/in/1")
        assert ada.get("/who").text == "Ada"
        assert other.get("/who").text == "nobody"
        assert ada.get("/who").text == "Ada"


def test_the_session_of_a_logout_keeps_what_is_not_the_logins(site):
    with site.app.test_request_context():
        session["cart"] = [1]
        login_user(site.users["1"])
        logout_user()
        assert dict(session) == {"cart": [1]}


def test_templates_see_the_current_user(site):
    site.app.add_url_rule("/page", "page", lambda: site.app.jinja_env.from_string("").render() or _render())
    client = site.app.test_client()
    client.get("/in/1")
    assert client.get("/page").text == "Hello Ada"


def _render():
    from demijohn import render_template_string

    return render_template_string("Hello {{ current_user.name }}")


def test_an_application_without_manager_says_what_to_do():
    from demijohn import Flask

    app = Flask(__name__)
    with app.test_request_context(), pytest.raises(AttributeError, match=r"LoginManager\(app\)"):
        _ = current_user.name


def test_a_manager_without_loader_says_what_to_do(site):
    site.manager._user_callback = None
    with site.app.test_request_context(), pytest.raises(RuntimeError, match="user_loader"):
        _ = current_user.name
